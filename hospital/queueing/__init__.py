"""Who waits for whom (排队叫号): checking in, the order of the line, calling from the room, boards, estimates, alarms."""
