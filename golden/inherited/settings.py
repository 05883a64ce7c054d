from team.limits import FACTOR

MB = 1024 // FACTOR
