"""chainrule derive: the formulas of forward and backward of an expression."""
import typer
app = typer.Typer()
@app.command()
def derive(expression: str) -> None:
    """Derive."""
    typer.echo(expression)
