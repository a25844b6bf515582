"""Conflict rules that a site has demoted 降级: mostly noise there, as the figures say, so what they only advise on is kept, and can
be decided, but does not stand in To do. What holds goods back stands there whatever was demoted."""

from . import conflict_rules
from .catalog import Site
from .errors import Invalid
from .events import RuleDemoted, RuleRestored
from .model import Command, Outcome, Table, moment, ref
from .work import Work


class Demotion(Table, table=True):
    """One decision to demote a rule at a site, and who ended it. A rule demoted again is another demotion."""

    site_id: str = ref()
    rule: str = ""
    reason: str = ""
    by: str = ""
    at: int = moment()
    ended_by: str = ""
    ended_at: int = moment()
    end_reason: str = ""


class DemoteRule(Command, frozen=True):
    site_id: str
    rule: str
    reason: str


class EndDemotion(Command, frozen=True):
    demotion_id: str
    reason: str


def demote_rule(work: Work, command: DemoteRule) -> Outcome | None:
    if work.look(Site, command.site_id) is None:
        raise Invalid("Say which site.", field="site_id")
    work.allow("tune_rules", command.site_id)
    if command.rule not in conflict_rules.RULES:
        raise Invalid("There is no such rule.", field="rule")
    reason = _said(command.reason)
    work.lock("demotion", command.site_id, command.rule)
    if work.all(Demotion, site_id=command.site_id, rule=command.rule, ended_at=0):
        return Outcome("noop")
    demotion = work.add(
        Demotion, site_id=command.site_id, rule=command.rule, reason=reason, by=work.actor.id, at=work.now
    )
    work.record(RuleDemoted(site_id=command.site_id, rule=command.rule, reason=reason), demotion.id)
    return None


def end_demotion(work: Work, command: EndDemotion) -> Outcome | None:
    demotion = work.get(Demotion, command.demotion_id)
    work.allow("tune_rules", demotion.site_id)
    reason = _said(command.reason)
    if demotion.ended_at:
        return Outcome("noop")
    demotion.ended_by, demotion.ended_at, demotion.end_reason = work.actor.id, work.now, reason
    work.record(RuleRestored(site_id=demotion.site_id, rule=demotion.rule, reason=reason), demotion.id)
    return None


def _said(reason: str) -> str:
    if not reason.strip():
        raise Invalid("Say why: this needs a reason.", field="reason")
    return reason.strip()
