"""restow: what can be done at a shell. Each command reads the configuration, calls one function and prints what came of it."""

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click
import msgspec

from server.config import Config

# What a command needs is imported in it: `restow --help` and a child that only waits stay light.


def configured(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command the configuration, options of Config's names laid over the environment; refuses in one sentence."""

    @wraps(command)
    def run(**options: Any) -> Any:
        settings = {name: options.pop(name) for name in list(options) if name in Config.__struct_fields__}
        try:
            config = Config.from_env(**settings)
        except msgspec.ValidationError as wrong:
            raise click.ClickException(f"The configuration cannot be used: {wrong}.") from None
        return command(config, **options)

    return run


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="restow")
def main() -> None:
    """Restow takes goods that left the warehouse back into it. Settings: see the README's table of variables."""


# ── running ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@main.command()
@click.option("--host", help="Address to listen on; 0.0.0.0 for handhelds.")
@click.option("--port", type=int, help="Port to listen on; 0 takes a free one.")
@click.option("--public-url", help="The address people and handhelds use; it must not change.")
@click.option("--tls", is_flag=True, default=None, help="Speak HTTPS, with a certificate of an own local authority.")
@click.option("--tls-cert", help="Speak HTTPS with this certificate chain (PEM).")
@click.option("--tls-key", help="The key of --tls-cert (PEM).")
@click.option("--data", "data_dir", type=click.Path(file_okay=False), help="Folder of everything Restow keeps.")
@click.option("--demo", is_flag=True, help="Load the demo into an empty database and show its sign-ins.")
@click.option("--no-build", is_flag=True, help="Serve web/dist as it is, without looking whether it is stale.")
@configured
def serve(config: Config, demo: bool, no_build: bool) -> None:
    """Start everything: redis-server, web, worker."""
    from server import frontend, locks, supervise

    try:
        sys.exit(supervise.serve(config, demo=demo, build=not no_build))
    except (supervise.CannotServe, locks.AlreadyRunning, frontend.BuildFailed) as refused:
        raise click.ClickException(str(refused)) from None


@main.command(hidden=True)
@click.option("--fd", type=int, required=True)
@configured
def web(config: Config, fd: int) -> None:
    """One web process of `restow serve`, on the listening socket it hands over."""
    from server import web as process

    process.run(config, fd)


@main.command()
@configured
def worker(config: Config) -> None:
    """Work through the queue; `restow serve` starts one itself."""
    from workers.main import run

    run(config)


@main.command(hidden=True)
@click.option("--demo", is_flag=True)
@configured
def prepare(config: Config, demo: bool) -> None:
    """What `restow serve` does before anything else opens the database; prints what people are to be told."""
    from server import setup
    from server.migrations import migrate

    migrate(config)
    if demo:
        from server.demo import load

        load(config)
    elif first := setup.first_admin_code(config):
        click.echo(f"Nobody can sign in yet. The one-time code for the first administrator:\n\n  {first}")


@main.command()
@configured
def build(config: Config) -> None:
    """Build the web app if its sources have changed."""
    from server import frontend

    try:
        click.echo("Built." if frontend.build() else "Nothing has changed since it was built.")
    except frontend.BuildFailed as failed:
        raise click.ClickException(str(failed)) from None


@main.command()
def settings() -> None:
    """Show the variables that Restow reads, as a table."""
    fields: Any = msgspec.inspect.type_info(Config)
    click.echo("| variable | default | what it is |\n|---|---|---|")
    for field in fields.fields:
        default = str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
        click.echo(
            f"| `{field.type.extra['variable']}` | {f'`{default}`' if default else ''} | "
            f"{field.type.extra_json_schema['description']} |"
        )


@main.command()
@click.option("--devices", type=click.IntRange(1, 40), default=3, show_default=True, help="Handhelds at work.")
@click.option("--minutes", type=click.FloatRange(0.1, 600), default=1.0, show_default=True, help="How long they work.")
@click.option(
    "--seed", type=int, default=1, show_default=True, help="The same seed plans the same work and the same faults."
)
@click.option("--partitions", is_flag=True, help="Handhelds lose the network now and then.")
@click.option("--skew", is_flag=True, help="Their clocks are wrong, by minutes or by years.")
@click.option(
    "--lost-acks", type=click.FloatRange(0, 0.9), default=0.0, help="This share of answers never arrives, as 0.3."
)
@click.option("--duplicates", is_flag=True, help="Requests arrive twice, at once or late.")
@click.option("--kill-server", is_flag=True, help="The server is killed (-9) and started again.")
@click.option("--simulated", is_flag=True, help="In one process on a clock of its own: repeats exactly.")
@click.option(
    "--database", default="", metavar="URL", help="An empty database, as postgresql://…, instead of an own SQLite file."
)
@click.option("--keep", is_flag=True, help="Keep the data folder; it is kept anyway when something does not hold.")
@click.option("--url", default="", help="Use this server, a test installation; it keeps the practice work.")
@click.option("--username", default="admin", show_default=True, help="With --url: an administrator.")
@click.option("--password", envvar="RESTOW_LAB_PASSWORD", default="", help="With --url; or RESTOW_LAB_PASSWORD.")
@click.option("--site", default="", help="With --url: code of the site to work at; the first one if not given.")
@click.option("--code", default="", help="With --url: an enrolment code with enough uses; one is made if not given.")
@click.option("--among-real-work", is_flag=True, help="With --url: even where other people's returns are.")
def lab(
    simulated: bool, database: str, keep: bool, url: str, username: str, password: str, site: str, code: str,
    among_real_work: bool, **faults: Any,
) -> None:  # fmt: skip
    """Let handhelds work through a shift under faults, and prove that nothing was lost, doubled or left out.

    Starts a server of its own in a temporary folder and handhelds that run the app's own code; they receive, inspect, photograph,
    dispose of and put away goods, file and edit returns, and clash with one another and with the desk in ways the plan knows. Then
    everything is healed and handed over, and the proof is printed: a line for each thing that must hold. Ends with 1 when one does not.

    \b
    A first look, a minute long:
        restow lab --devices 3 --minutes 0.5 --partitions --lost-acks 0.3
    Everything that can go wrong:
        restow lab --devices 5 --minutes 3 --seed 7 --partitions --skew --lost-acks 0.3 --duplicates --kill-server
    The same twice, to the byte, in seconds:
        restow lab --simulated --seed 7 --partitions --skew --lost-acks 0.3 --duplicates --kill-server
    On PostgreSQL, in an empty database:
        restow lab --database postgresql://localhost/lab --kill-server
    Against an installation for tests (people, returns and stock of the lab stay there):
        restow lab --url https://test.example --username admin --password … --site LAB
    """
    from server import frontend
    from server.lab import Options, run
    from server.lab.elsewhere import NotFurnished, There
    from server.lab.run import CannotRun

    if url and (simulated or database or faults["kill_server"]):
        raise click.UsageError(
            "A server elsewhere has its own database, and is neither simulated nor killed: leave out --simulated, --database "
            "and --kill-server."
        )
    if url and not password:
        raise click.UsageError("--url needs an administrator there: --username, and --password or RESTOW_LAB_PASSWORD.")
    there = There(url, username, password, site, code, among_real_work) if url else None
    try:
        holds = run(
            Options(**faults, outside=bool(url)), simulated=simulated, database=database, there=there, keep=keep
        )
    except (CannotRun, NotFurnished, frontend.BuildFailed) as refused:
        raise click.ClickException(str(refused)) from None
    sys.exit(0 if holds else 1)


# ── data ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@main.command()
@configured
def migrate(config: Config) -> None:
    """Bring the database's tables up to date. `restow serve` does it by itself."""
    from server.migrations import migrate as bring_up_to_date

    steps = bring_up_to_date(config)
    click.echo("\n".join(steps) or "The database is up to date.")


@main.command("new-step", hidden=True)
@click.argument("message")
def new_step(message: str) -> None:
    """For developers: write the next migration from what the tables say now."""
    from server import migrations

    migrations.new_step(message)


@main.command()
@click.option("--large", is_flag=True, help="With a year of a large house: a million ledger entries, 200,000 returns.")
@configured
def demo(config: Config, large: bool) -> None:
    """Load the demo into an empty database; practice data with known passwords, for looking around."""
    from server.demo import load
    from server.migrations import migrate as bring_up_to_date

    bring_up_to_date(config)
    load(config, large=large)


@main.group("import")
def imports() -> None:
    """Bring in files of other systems. A file that cannot be read changes nothing; again adds only what is new."""


@imports.command("table")
@click.argument("kind", metavar="KIND")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--site", default="", help="Code of the site whose bins, orders or stock they are; the first one if not given."
)
@click.option("--sheet", default="", help="The sheet of an XLSX file; the first one if not given.")
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="FIELD=HEADER",
    help="Which column is which field, as sku=商品编码; FIELD==TEXT: what every row says.",
)
@click.option("--dry-run", is_flag=True, help="Say what it would do, and write nothing.")
@configured
def table(
    config: Config, kind: str, path: Path, site: str, sheet: str, columns: tuple[str, ...], dry_run: bool
) -> None:
    """A CSV or XLSX file of KIND: items, barcodes, customers, suppliers, bins, outbound or stock. One wrong row, and nothing is written."""
    from server.importers.shell import run
    from server.migrations import migrate as bring_up_to_date

    bring_up_to_date(config)
    sys.exit(run(config, kind, path, site, sheet, columns, dry_run))


@imports.command("online-retail")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help='Print {"rows": n, "outcomes": {name: count}} and nothing else.')
@click.option("--site", default="", help="Code of the site that takes it in; the first one if not given.")
@configured
def online_retail(config: Config, path: Path, as_json: bool, site: str) -> None:
    """The wholesaler's invoices: customers, items, outbound orders, and returns without order, matched."""
    from server.importers.online_retail import run
    from server.migrations import migrate as bring_up_to_date

    bring_up_to_date(config)
    sys.exit(run(config, path, as_json, site) or 0)


@main.command()
@click.argument("directory", required=False, type=click.Path(file_okay=False, path_type=Path))
@configured
def backup(config: Config, directory: Path | None) -> None:
    """Write one file with database and photos, and prove it by restoring it to a scratch place. Restow may run meanwhile."""
    from server import backup as archive

    try:
        made = archive.back_up(config, directory or config.data_dir / "backups")
    except archive.BackupFailed as failed:
        raise click.ClickException(str(failed)) from None
    click.echo(f"{made.path}\n{made.said()}\nRestored to a scratch place and found whole.")


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Also over data that is there; the old is moved aside, not deleted.")
@configured
def restore(config: Config, file: Path, force: bool) -> None:
    """Put a backup back. Handhelds then offer what the backup did not have yet."""
    from server import backup as archive
    from server import locks

    try:
        restored = archive.restore(config, file, force=force)
    except (archive.BackupFailed, locks.AlreadyRunning) as failed:
        raise click.ClickException(str(failed)) from None
    click.echo(restored)


# ── people ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@main.command()
@configured
def code(config: Config) -> None:
    """A new one-time code for the first administrator, while nobody can sign in."""
    from server import setup
    from server.migrations import migrate as bring_up_to_date

    bring_up_to_date(config)
    first = setup.first_admin_code(config)
    if first is None:
        raise click.ClickException("There is an administrator already; they add people in the app.")
    click.echo(first)


@main.group()
def user() -> None:
    """People, where the app cannot be reached."""


@user.command("add")
@click.argument("username")
@click.option("--name", help="As shown on the screens; the username if not given.")
@click.option("--role", "roles", multiple=True, required=True, help="Role; may be given several times.")
@click.option("--site", default="", help="Code of the one site the roles are for; every site if not given.")
@click.password_option(envvar="RESTOW_NEW_PASSWORD")
@configured
def add_user(config: Config, username: str, name: str | None, roles: tuple[str, ...], site: str, password: str) -> None:
    """Add a person who signs in with USERNAME and the password asked for."""
    from server import setup
    from server.domain.errors import Refusal

    try:
        setup.add_person(config, username=username, name=name or username, roles=roles, site=site, password=password)
    except Refusal as refused:
        raise click.ClickException(str(refused)) from None
    click.echo(f"{username} can sign in.")


if __name__ == "__main__":
    main()
