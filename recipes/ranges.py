"""Checks of a setting's range, for `__post_init__`: the error names the key, what was found and what was expected."""


def require(ok: bool, key: str, found: object, expected: str) -> None:
    """Raises ValueError for a setting that is out of range."""
    if not ok:
        raise ValueError(f"{key}: found {found!r}; expected {expected}")


def above_zero(**settings: float) -> None:
    """Raises ValueError for a setting that is not."""
    for key, found in settings.items():
        require(found > 0, key, found, "a number above 0")
