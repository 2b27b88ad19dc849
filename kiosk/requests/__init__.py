"""The vocabulary of journeys: everything a story can ask a person, or have done in the world.

A journey awaits requests; each is a small frozen record, generic in its answer, so that types flow: what
`await ChooseTime(...)` gives *is* a `Choice`. There are two families.

* `Ask`: a question to the person. A screen (named by `page`) draws it and sends the answer. The world may answer
  too: a card on the reader, a code at the scanner, money at the channel (`listens`, `hear`). A person who cancels, walks
  away, or is cut off by a crash answers with the exception `Left`.
* `Do`: an act in the world, performed by the desk. It ends done (its answer) or refused (`Refused`). Unknown never
  reaches a story: the desk asks again, by the same key, until it knows.
"""

from kiosk.requests.acts import (Appointments, CancelBooking, ClosePayment, ConfirmHold, Departments, Do, Enroll,
                                 FindPatient, HoldSlot, IssuePaper, Manner, Notices, OpenPayment, Papers,
                                 PayByCode, Print, Release, ReportPaper, SeenNotice, Sessions)
from kiosk.requests.asks import (Ask, Choose, ChooseFrom, ChooseTime, Confirm, Done, EnterNumber, Option, OutOfService,
                                 Pay, PayEnd, PayerCode, PayWith, Row, TakeCard, Trouble, Waiting)
from kiosk.requests.events import (Answered, CardGone, CardRead, CardTrouble, CodeKind, CodeShown, Complaint, DeviceNews,
                                   Event, PaymentNews, SocialCard, SocialRead)
from kiosk.requests.presenting import ChooseService, Identify, Shown, TypeInstead, VisitCard, Welcome
from kiosk.requests.queue import CheckIn, MyQueue, Rejoin
from kiosk.requests.examination import BookExam, CancelExam, Examinations, ExamTimes, IssueExamSlip, MoveExam
from kiosk.requests.outpatient import AnswerOffer, Dependants, SimilarDoctors
from kiosk.requests.story import Declined, Left, Refused, Request, Unfinished
from kiosk.requests.ways import PROOF_AT, PROOFS, READERS, Ways

__all__ = [
    "BookExam", "CancelExam", "ExamTimes", "Examinations", "IssueExamSlip", "MoveExam",
    "Answered", "Appointments", "Ask", "CancelBooking", "CardGone", "CardRead", "CardTrouble", "Choose", "ChooseFrom",
    "ChooseService", "ChooseTime",
    "ClosePayment", "CodeKind", "CodeShown", "Complaint", "Confirm", "ConfirmHold", "Declined", "Departments",
    "DeviceNews", "Do", "Done", "Enroll", "EnterNumber", "Event", "FindPatient", "HoldSlot", "Identify", "IssuePaper",
    "Left", "Manner", "Notices", "OpenPayment", "Option", "OutOfService", "PROOFS", "PROOF_AT", "Papers", "Pay",
    "PayByCode", "PayEnd", "PayWith", "PayerCode", "PaymentNews", "Print", "READERS", "Refused", "Release",
    "ReportPaper", "Request", "Row", "SeenNotice", "Sessions", "Shown", "SocialCard", "SocialRead", "TakeCard",
    "Trouble", "TypeInstead", "Unfinished", "VisitCard", "Waiting", "Ways", "Welcome",
    "CheckIn", "MyQueue", "Rejoin", "AnswerOffer", "Dependants", "SimilarDoctors",
]
