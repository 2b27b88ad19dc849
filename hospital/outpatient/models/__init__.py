"""What the outpatient office plans, rules and changes, one file each."""

from hospital.outpatient.models.changes import Change, Offer
from hospital.outpatient.models.people import Link, Miss, Referral, Withdrawal
from hospital.outpatient.models.rosters import Holiday, Omission, Pace, Planned, Template
from hospital.outpatient.models.rules import DepartmentRule, Limit, Release, ReleaseRule, ShareRule
from hospital.outpatient.models.words import Message

__all__ = ["Change", "DepartmentRule", "Holiday", "Limit", "Link", "Message", "Miss", "Offer", "Omission", "Pace",
           "Planned", "Referral", "Release", "ReleaseRule", "ShareRule", "Template", "Withdrawal"]
