"""The outpatient office: who works when (排班), what is released to whom (放号), and the rules of booking and of changes."""
