"""What the api answers, documented and stable. Times are ISO 8601 in UTC, amounts are in bytes, cores and seconds."""

from skafd.api.shapes.attempts import LogSource, NotebookPage, TaskUsage, UsagePoint
from skafd.api.shapes.events import EventInfo, EventRunInfo, KeptEventInfo, UnheededInfo
from skafd.api.shapes.machine import DaemonInfo, ServiceInfo, Status
from skafd.api.shapes.projects import (
    BuildInfo,
    DeploymentInfo,
    FolderResult,
    JobStatus,
    Problem,
    ProgressInfo,
    ProjectStatus,
    Variable,
)
from skafd.api.shapes.runs import (
    AttemptInfo,
    Explanation,
    HistoryEntry,
    KillResult,
    RunDetail,
    RunFilter,
    RunSummary,
    TaskGroup,
    TaskInfo,
)
from skafd.api.shapes.schedules import (
    BackfillInfo,
    BackfillRunInfo,
    Coming,
    ExplainedTime,
    MissedInfo,
    ScheduleExplanation,
    ScheduleInfo,
)
from skafd.api.shapes.tokens import DataPage, DataTokenInfo, JobTokenInfo, WebhookTokenInfo

__all__ = [
    "AttemptInfo",
    "BackfillInfo",
    "BackfillRunInfo",
    "BuildInfo",
    "Coming",
    "DaemonInfo",
    "DataPage",
    "DataTokenInfo",
    "DeploymentInfo",
    "EventInfo",
    "EventRunInfo",
    "ExplainedTime",
    "Explanation",
    "FolderResult",
    "HistoryEntry",
    "JobStatus",
    "JobTokenInfo",
    "KeptEventInfo",
    "KillResult",
    "LogSource",
    "MissedInfo",
    "NotebookPage",
    "Problem",
    "ProgressInfo",
    "ProjectStatus",
    "RunDetail",
    "RunFilter",
    "RunSummary",
    "ScheduleExplanation",
    "ScheduleInfo",
    "ServiceInfo",
    "Status",
    "TaskGroup",
    "TaskInfo",
    "TaskUsage",
    "UnheededInfo",
    "UsagePoint",
    "Variable",
    "WebhookTokenInfo",
]
