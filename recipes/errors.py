"""The one exception for what a user wrote: `cli.run` prints it as it is; everything else keeps its traceback."""


class UserError(ValueError):
    """A recipe, an override or a data row that cannot be used. The message names place, found, expected and remedy."""
