"""From channels and packages that are wanted to one record for each package; asks the channels."""

from __future__ import annotations

import json
import os
from datetime import datetime
from typing import Any

import rattler
from rattler.exceptions import InvalidMatchSpecError

from skafd.environments.conda.records import without_secret
from skafd.errors import BuildError


async def solve(request: dict[str, Any]) -> list[dict[str, Any]]:
    """Records for `specs` from `channels`; with `before` only such as were there at that instant.

    Raises what rattler does, and BuildError for a package that is not written as one.
    """
    alias = os.environ.get("CONDA_CHANNEL_ALIAS")
    settings = rattler.ChannelConfig(alias.rstrip("/") + "/") if alias else rattler.ChannelConfig()
    channels = [rattler.Channel(channel, settings) for channel in request["channels"]]
    specs = [_spec(text) for text in request["specs"]]
    before = request.get("before")
    print(f"asking {', '.join(without_secret(channel) for channel in request['channels'])}", flush=True)
    records = await rattler.solve(
        channels,
        specs,
        virtual_packages=[found.into_generic() for found in rattler.VirtualPackage.detect()],
        exclude_newer=datetime.fromisoformat(before) if before else None,
        timestamp_policy="allow-missing",
    )
    print(f"solved: {len(records)} packages, {sum(record.size or 0 for record in records) / 2**20:.0f} MiB", flush=True)
    return [json.loads(record.to_json()) for record in records]


def _spec(text: str) -> rattler.MatchSpec:
    try:
        return rattler.MatchSpec(text)
    except InvalidMatchSpecError as error:
        raise BuildError(
            f"{text!r} is no package that can be looked for: {error}",
            "write it as `name`, `name=1.2` or `name>=1.2,<2`",
        ) from error
