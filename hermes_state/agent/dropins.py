"""Drop-ins for helpers of the agent that need to know how a file is spelled; the others are in ``atomic``."""

from __future__ import annotations

import io
from typing import Any

from hermes_state.atomic import Replaced, StrPath, atomic_write_text
from hermes_state.codec.yaml.spelling import spell


def atomic_yaml_write(
    path: StrPath,
    data: Any,
    *,
    default_flow_style: bool = False,
    sort_keys: bool = False,
    extra_content: str | None = None,
    create_mode: int | None = None,
) -> Replaced:
    """``data`` as YAML at ``path``, the file replaced as a whole: links, mode and owner are kept, comments are not.

    Text that some YAML reader takes for something else (``off``, ``012``, ``1e3``) is quoted, so that every agent reads
    back what was written. ``extra_content`` follows the document as it is; ``create_mode`` bits are those of a new file
    (0600 unless given). Raises ruamel's RepresenterError for a value that YAML cannot hold, before anything is touched,
    and what ``atomic_write_bytes`` raises.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.representer import SafeRepresenter

    class Representer(SafeRepresenter):  # type: ignore[misc, unused-ignore]
        """Quotes what readers disagree about; an own class, because representers are registered on classes."""

        def represent_text(self, text: str) -> Any:
            quote = spell(text)[:1] if text else "'"
            style = quote if quote in ("'", '"') and not text.startswith(quote) else None
            return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)

        def ignore_aliases(self, data: Any) -> bool:
            return True

    Representer.add_representer(str, Representer.represent_text)
    yaml = YAML(typ="safe", pure=True)
    yaml.Representer = Representer
    yaml.default_flow_style = default_flow_style
    yaml.sort_base_mapping_type_on_output = sort_keys  # type: ignore[assignment, unused-ignore]
    yaml.allow_unicode = True
    yaml.width = 1 << 16
    yaml.indent(mapping=2, sequence=4, offset=2)
    text = io.StringIO()
    yaml.dump(data, text)
    return atomic_write_text(path, text.getvalue() + (extra_content or ""), mode=create_mode)
