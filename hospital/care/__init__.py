"""Who comes, who sees them, when and where: patients, departments, rosters, numbers, bookings, papers."""
