"""Text for people: rows, tables, bars, and the screens made of them."""
