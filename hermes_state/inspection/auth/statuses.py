"""What to do about a credential that cools down or is dead, by the HTTP status that its provider answered with.

Agents let a credential cool down for what they take for a used up quota (402 mostly, but 400, 403, 404 and 429 too
where the text says so), for a limit that was met twice (429), and for a secret that is refused (401, 403)
(``agent/error_classifier.py``, ``recover_with_credential_pool``). Other statuses get into a row by what a text says, by
other tools, or by hand; what they mean is the same.
"""

from __future__ import annotations

#: In a text: how the credential is renewed.
_RENEW = "{renew}"

_OWN_FAULT = "the provider failed, not the credential: see its status page; the time alone mends it"
_REQUEST = "the provider did not take the request itself; the credential is not at fault"

#: HTTP status -> what it means and what to do. ``None`` is a mark without a status.
ADVICE: dict[int | None, str] = {
    None: "the agent got no answer with a status, as when a login could not be refreshed; if it comes back, {renew}",
    400: "the provider refused the request: a credential cools down for it where the text speaks of quota, credit or"
    " plan; look at the provider's dashboard",
    401: "the provider does not accept the secret: {renew}",
    402: "balance or quota is used up: see the provider's dashboard; waiting alone does not fill it",
    403: "the account may not do this: a spending limit, a plan or region, or a revoked secret; see the provider's"
    " dashboard, and if all is well there, {renew}",
    404: "the provider does not know the model, or does not offer it to this account any more (with Nous also when the"
    " balance is empty): choose another model, or see the provider's dashboard",
    408: "the provider gave up waiting for the request: nothing is wrong with the credential",
    409: _REQUEST,
    413: "the request was too large: nothing is wrong with the credential; a shorter context passes",
    422: _REQUEST,
    425: _REQUEST,
    429: "a rate limit or quota: it lifts at the time that is given; earlier tries only lengthen some limits",
    451: "the provider may not answer here for legal reasons: another provider, or another region",
    500: _OWN_FAULT,
    501: _REQUEST,
    502: _OWN_FAULT,
    503: "the provider is overloaded or down for a moment: see its status page; the time alone mends it",
    504: "the provider did not answer in time: nothing is wrong with the credential",
    529: "the provider is overloaded: nothing is wrong with the credential; try again in some minutes",
}
_CLIENT = "the provider refused the request: see the message, and the provider's documentation of this status"
_UNKNOWN = "not a status of HTTP: see the message"


def advice(code: int | None, renew: str) -> str:
    """What to do about a credential that failed with ``code``; ``renew`` says how it gets another secret."""
    found = ADVICE.get(code)
    if found is None and code is not None:
        found = _CLIENT if 400 <= code < 500 else _OWN_FAULT if 500 <= code < 600 else _UNKNOWN
    return (found or _UNKNOWN).replace(_RENEW, renew)
