"""Why the testbed cannot go on; each class knows the exit status it ends the command with."""

from typing import ClassVar


class CannotGoOn(Exception):
    """The command ends with one line and this status. Raise a subclass where one fits."""

    status: ClassVar[int] = 1


class ServiceDied(CannotGoOn):
    """A service ended, or does not answer; the message holds the last lines of its log."""


class NotUp(CannotGoOn):
    """The command needs a testbed that was brought up before."""


class BadSetting(CannotGoOn):
    """A setting has no meaning, or not together with the others."""

    status = 2


class PortTaken(CannotGoOn):
    """A port of a service is held by a program that is not that service."""

    status = 2


class TooLittleMemory(CannotGoOn):
    """The machine has less free memory than the services will need."""

    status = 2


class CannotBeHadHere(CannotGoOn):
    """This machine cannot have a testbed: a CI may skip on this status, and on no other."""

    status = 3
