"""The only user of SQLite: schema, migrations, one writer, readers that never block.

    database = Database.open(home.database)
    with database.transaction(Purpose.DEPLOY) as write:  # one thread only; committed and synced at the end of the block
        write.apply(decisions, now, launching)
    with database.reader() as read:                # any thread; the block sees one snapshot
        read.open_runs()
    database.close()

What can be written, all in `writer.Writer`:

* projects: `add_project`, `rename`, `set_problem`, `forget_project`, `set_variable`, `delete_variable`,
  `add_parent_folder`, `forget_parent_folder`
* deployments: `record_deployment`, `switch_live`, `record_environment`, `forget_environment`
* runs: `apply`, `attempt_running`
* occurrences: `fire_occurrences`, `record_missed` (`apply` does it too), `set_planned_until`
* pauses: `pause`, `resume`; backfills: `add_backfill`, `cancel_backfill`
* services: `put_service`; Data Endpoint: `add_data_token`, `use_data_token`, `revoke_data_token`
* retention: `delete_runs`, `delete_deployments`, `delete_missed`

What can be asked, all in `reader.Reader`:

* at the start: `live_deployments`, `open_runs`, `histories`, `last_run_numbers`, `planned`, `alive_attempts`,
  `cancelling`, `deployed_jobs`
* projects: `projects`, `project`, `find_project`, `deployments`, `deployment`, `variables`, `missed`,
  `parent_folders`; environments: `lock`, `environment_users`
* runs: `runs`, `run`, `latest_tasks`, `latest_counts`, `events`, `run_events`
* occurrences: `was_decided`, `missed_since`, `pauses`, `backfills`, `backfill`, `open_backfills`
* services: `services`; Data Endpoint: `data_tokens`
* retention: `expired_runs`, `expired_deployments`

The answers' types are in `views`. Errors are `StoreError`, `NotFound` and `Refused`.
"""

from skafd.store.connections import is_disk_full
from skafd.store.database import Database
from skafd.store.purpose import Purpose
from skafd.store.reader import Reader
from skafd.store.views import Launching
from skafd.store.writer import Writer

__all__ = ["Database", "Launching", "Purpose", "Reader", "Writer", "is_disk_full"]
