"""The pages under `/jamf/`: each parses what is asked for, calls services, and has a template show what they say."""

from typing import Final

from moss_jamf_pipeline.companion import static_files
from moss_jamf_pipeline.companion.pages import (
    configuration,
    conflicts,
    dashboard,
    downloads,
    elsewhere,
    embedding,
    fragments,
    objects,
    plans,
    quarantine,
    reports,
    sign_in,
    webhooks,
)

ROUTERS: Final = (
    static_files.ROUTER,
    embedding.ROUTER,
    fragments.ROUTER,
    fragments.PAGES,
    sign_in.OPEN,
    sign_in.ROUTER,
    dashboard.ROUTER,
    plans.ROUTER,
    conflicts.ROUTER,
    quarantine.ROUTER,
    downloads.ROUTER,
    reports.ROUTER,
    configuration.ROUTER,
    configuration.IN_MOSS,
    objects.ROUTER,
    webhooks.ROUTER,
)
"""Of all pages."""

ELSEWHERE: Final = elsewhere.ROUTER
"""Answers what is nobody's page; to be included last."""
