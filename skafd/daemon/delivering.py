"""From what the deployer delivers to what is written, and what is answered to whoever handed the folder over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from skafd.api.shapes import FolderResult
from skafd.daemon.days import note_of
from skafd.daemon.fitting import warnings_for
from skafd.daemon.mailbox import Mailbox
from skafd.daemon.releasing import Releasing
from skafd.deploy.release import Deployable, RefusedDeploy, Result, Stage, Unchanged, may_pass
from skafd.engine.circles import find_circle
from skafd.engine.listeners import triggers_of
from skafd.errors import DeployError, Refused, SkafdError
from skafd.inbox.ignored import inbox_warnings
from skafd.machine.accounts import Account, Accounts
from skafd.machine.confinement import check_strict
from skafd.machine.enforcement import Enforcement
from skafd.model.decisions import Event
from skafd.model.limits import Capacity
from skafd.model.owner import Owner
from skafd.model.project import Isolation, Project, TriggerKind
from skafd.store import Database, Purpose, Writer
from skafd.store.views import ProjectRow

TRIED_AGAIN = "nothing has to be saved again: it is tried by itself when there is room, or the database takes it"


class Delivering:
    """Runs in the deployer's threads, one result of a folder at a time."""

    def __init__(
        self,
        database: Database,
        mailbox: Mailbox,
        releasing: Releasing,
        capacity: Capacity,
        enforcement: Enforcement,
        accounts: Accounts,
        postpone: Callable[[Path], None],
    ) -> None:
        """`postpone` is told of each folder whose save may go live as it is, though not now."""
        self._database = database
        self._mailbox = mailbox
        self._releasing = releasing
        self._capacity = capacity
        self._enforcement = enforcement
        self._accounts = accounts
        self._postpone = postpone
        self._warnings: dict[Path, tuple[str, ...]] = {}

    def slug_of(self, folder: Path, config: Project) -> str:
        """The short name of a folder's project, which is known from then on. Raises DeployError."""
        told: list[str] = []
        try:
            self._write(
                lambda writer: self._releasing.note_project(writer, folder, config.name, config.token, told.append),
                Purpose.PROJECT,
            )
        except SkafdError as error:
            raise DeployError(error.message, error.hint) from error
        return told[-1]

    def deliver(self, result: Result) -> FolderResult:
        """Writes down what became of a save. Raises StoreError when that cannot be written down."""
        match result:
            case Deployable():
                return self._release(result)
            case RefusedDeploy():
                return self._refuse(result)
            case Unchanged():
                return self._leave(result)

    def warnings_of(self, folder: Path) -> tuple[str, ...]:
        """What people should know of what is live."""
        return self._warnings.get(folder, ())

    def _release(self, deployable: Deployable) -> FolderResult:
        warnings = [problem.message for problem in deployable.problems] + list(deployable.warnings)
        try:
            account = self._accounts.of(deployable.folder, deployable.config.run_as)
            warnings += self._warnings_for(deployable.folder, deployable.config, account)
            self._check_circles(deployable)
            owner = self._accounts.owner(account)
            self._write(lambda writer: self._releasing.release(writer, deployable, owner), Purpose.DEPLOY)
        except SkafdError as error:
            passes = may_pass(error)
            return self._refuse(
                RefusedDeploy(deployable.folder, Stage.RELEASE, error.message, error.hint, may_pass=passes)
            )
        self._warnings[deployable.folder] = tuple(warnings)
        return self._outcome(deployable.folder, "deployed")

    def _check_circles(self, deployable: Deployable) -> None:
        """Raises Refused where a success would come round to the project again, and for ever."""
        if not any(triggers_of(deployable.config, TriggerKind.PROJECT)):
            return
        with self._database.reader() as reader:
            configs = {live.slug: live.config for live in reader.live_deployments()}
        slug = deployable.slug
        circle = find_circle(configs | {slug: deployable.config}, slug)
        if circle:
            raise Refused(
                f"these jobs would set each other off for ever: {' -> '.join(circle)}", "remove one of their `on:`"
            )

    def _refuse(self, refused: RefusedDeploy) -> FolderResult:
        if refused.may_pass:
            self._postpone(refused.folder)
            refused = replace(refused, hint=TRIED_AGAIN)
        self._write(lambda writer: self._releasing.note_refusal(writer, refused), Purpose.REFUSAL)
        text = f"{refused.message}\n{refused.hint}" if refused.hint else refused.message
        return self._outcome(refused.folder, "refused", text)

    def _leave(self, unchanged: Unchanged) -> FolderResult:
        row = self._row(unchanged.folder)
        owner, self._warnings[unchanged.folder] = self._judge_live(row, self._warnings.get(unchanged.folder))
        self._write(lambda writer: self._releasing.note_unchanged(writer, row, owner), Purpose.UNCHANGED)
        return self._outcome(unchanged.folder, "unchanged")

    def _judge_live(self, row: ProjectRow, known: tuple[str, ...] | None) -> tuple[Owner | None, tuple[str, ...]]:
        """Whose the folder of what is live is now, and the warnings: after a restart the machine may be smaller."""
        if row.live_deployment is None:
            return None, ()
        with self._database.reader() as reader:
            config = reader.deployment(row.id, row.live_deployment).config
        try:
            account = self._accounts.of(row.path, config.run_as)
            warnings = tuple(self._warnings_for(row.path, config, account)) if known is None else known
            return self._accounts.owner(account), warnings
        except Refused as refusal:
            return None, (refusal.message,)

    def _warnings_for(self, folder: Path, config: Project, account: Account) -> list[str]:
        """Raises Refused where it could not run here as it wants to."""
        if any(job.isolation is Isolation.STRICT for job in config.jobs):
            check_strict(account.user)
        with self._database.reader() as reader:
            by_hand = note_of(reader.day_of_folder(folder))
        return [*by_hand, *warnings_for(config, self._capacity, self._enforcement), *inbox_warnings(folder, config)]

    def _outcome(self, folder: Path, outcome: str, text: str = "") -> FolderResult:
        row = self._row(folder)
        return FolderResult(str(folder), row.slug, outcome, row.live_deployment, text, list(self.warnings_of(folder)))

    def _row(self, folder: Path) -> ProjectRow:
        with self._database.reader() as reader:
            return reader.find_project(str(folder))

    def _write(self, prepare: Callable[[Writer], list[Event]], purpose: Purpose) -> None:
        self._mailbox.put(prepare, purpose).result()
