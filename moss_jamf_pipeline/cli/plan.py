"""`moss-jamf plan`: every change a sync would make, or made: object by object, by rule, by field, or whole as CSV."""

from enum import StrEnum
from typing import Annotated

import typer

from moss_jamf_pipeline.catalogue.object_types import ObjectTypeName
from moss_jamf_pipeline.cli.export import print_csv
from moss_jamf_pipeline.cli.options import (
    IntegrationOption,
    JsonOption,
    LimitOption,
    command_group,
)
from moss_jamf_pipeline.cli.output import explained, print_json, stdout
from moss_jamf_pipeline.cli.plan_tables import (
    plan_document,
    print_plan,
    print_plans,
)
from moss_jamf_pipeline.moss.plan.guard_settings import GuardKind
from moss_jamf_pipeline.moss.plan.plan_pages import ChangeFilter
from moss_jamf_pipeline.services import exports, plans
from moss_jamf_pipeline.services.pages import PageRequest
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import Settings

app = command_group()


class View(StrEnum):
    """How a plan is shown."""

    OBJECT = "object"
    RULE = "rule"
    FIELD = "field"


@app.callback()
def plan() -> None:
    """Plans: every change a sync would make, or made, with the rule that decided it."""


@app.command("list")
def list_plans(
    limit: LimitOption = 20,
    integration: IntegrationOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the newest plans."""
    settings = Settings().naming(integration)
    with explained(as_json=as_json), Workplace(settings) as workplace:
        found = plans.list_plans(workplace, settings.integration, PageRequest(limit))
    if as_json:
        print_json({"plans": found.items})
    elif found.items:
        print_plans(found)
    else:
        stdout.print("There is no plan yet; `moss-jamf sync --dry-run` makes one.")


@app.command()
def show(
    plan_id: Annotated[
        int | None,
        typer.Argument(metavar="PLAN", help="The plan's number; the newest by default."),
    ] = None,
    by: Annotated[
        View,
        typer.Option("--by", help="One line per object, or counts and examples by rule or field."),
    ] = View.OBJECT,
    object_type: Annotated[
        ObjectTypeName | None, typer.Option("--type", help="Only this type of object.")
    ] = None,
    held: Annotated[
        GuardKind | None, typer.Option("--held", help="Only what the guard holds as this kind.")
    ] = None,
    limit: LimitOption = 50,
    after: Annotated[
        int, typer.Option("--after", min=0, metavar="ROW", help="The page after this row.")
    ] = 0,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print the whole plan as CSV, field by field.")
    ] = False,
    integration: IntegrationOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a plan: counts per type of object, then what changes: before → after, and which rule decided it.

    What a rule keeps from M.O.S.S. is listed as well, with that rule.
    """
    if as_csv and as_json:
        raise typer.BadParameter("It is one or the other.", param_hint="--csv")
    wanted = ChangeFilter(object_type, held)
    with explained(as_json=as_json):
        settings = plans.naming_integration_of(Settings().naming(integration), plan_id)
        with Workplace(settings) as workplace:
            if as_csv:
                _write_csv(workplace, plan_id)
                return
            shown = _view(workplace, plan_id, by, wanted, after=after, limit=limit)
    if as_json:
        print_json(plan_document(shown))
    else:
        print_plan(shown, object_type)


def _view(
    workplace: Workplace,
    plan_id: int | None,
    by: View,
    wanted: ChangeFilter,
    *,
    after: int,
    limit: int,
) -> plans.ObjectView | plans.RuleView | plans.FieldView:
    choice = workplace.settings.integration
    match by:
        case View.RULE:
            return plans.show_by_rule(workplace, choice, plan_id, object_type=wanted.object_type)
        case View.FIELD:
            return plans.show_by_field(workplace, choice, plan_id, object_type=wanted.object_type)
        case View.OBJECT:
            return plans.show_by_object(
                workplace, choice, plan_id, wanted=wanted, after_row=after, limit=limit
            )


def _write_csv(workplace: Workplace, plan_id: int | None) -> None:
    with exports.exported(workplace, workplace.settings.integration, "plan", plan_id) as found:
        print_csv(found)
