import base64
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest

from testbed.signals import Signal, signals_in

ADDRESS = "http://127.0.0.1:28004/v1/0af3/stacks/s/11/resources/minion_wait_handle/signal"
# As Heat writes the attribute `curl_cli`, and the templates go on after it.
CURL = (
    "curl -i -X POST -H 'X-Auth-Token: gAAAAAB-_x' -H 'Content-Type: application/json' "
    f"-H 'Accept: application/json' {ADDRESS}"
)
NOTIFY = f'#!/bin/sh\n{CURL} --data-binary \'{{"status": "SUCCESS"}}\'\n'
SIGNAL = Signal(
    address=ADDRESS,
    method="POST",
    headers={
        "X-Auth-Token": "gAAAAAB-_x",
        "Content-Type": "application/json",
        "Accept": "application/json",
    },
    body=b'{"status": "SUCCESS"}',
)


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def multipart(*scripts: str) -> str:
    message = MIMEMultipart()
    for script in scripts:
        message.attach(MIMEText(script, "x-shellscript"))
    return message.as_string()


def test_the_request_is_found_in_a_part_of_many() -> None:
    """Whatever else the node runs, its signal is the command that Heat handed it."""
    user_data = multipart("#!/bin/sh\necho curl is here\n", NOTIFY, "#cloud-config\n")
    assert signals_in(encoded(user_data)) == [SIGNAL]


def test_a_script_alone_will_do() -> None:
    """User data that is no MIME message is one script."""
    assert signals_in(encoded(NOTIFY)) == [SIGNAL]


def test_a_part_may_be_encoded() -> None:
    """MIME may carry a part in base64, as Python does for text beyond ASCII."""
    user_data = MIMEMultipart()
    user_data.attach(MIMEText(f"# größer\n{NOTIFY}", "x-shellscript", "utf-8"))
    assert "curl" not in user_data.as_string()
    assert signals_in(encoded(user_data.as_string())) == [SIGNAL]


def test_an_insecure_cloud_is_signalled_alike() -> None:
    """Heat adds an option where certificates are not checked; it is none of the addresses."""
    command = NOTIFY.replace("curl -i", "curl --insecure -i")
    assert signals_in(encoded(command)) == [SIGNAL]


def test_only_the_body_changes_when_a_failure_is_injected() -> None:
    """A failing node still says so with its own token to its own address."""
    failed = SIGNAL.with_body(b'{"status": "FAILURE"}')
    assert (failed.address, failed.headers) == (SIGNAL.address, SIGNAL.headers)
    assert failed.body == b'{"status": "FAILURE"}'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#!/bin/sh\necho done\n",
        "# curl -X POST http://127.0.0.1/\n",
        "curl -X POST -H 'unclosed http://127.0.0.1/\n",
        "curl -X POST\n",
        "curl -X POST file:///etc/passwd\n",
        "curl -X POST http://127.0.0.1/a http://127.0.0.1/b\n",
        "curl --upload-file x http://127.0.0.1/\n",
    ],
)
def test_what_is_no_such_command_signals_nothing(text: str) -> None:
    """A node without a signal, or with one written otherwise, stays silent."""
    assert signals_in(encoded(text)) == []


def test_what_is_not_base64_signals_nothing() -> None:
    """Damaged user data stops nobody else's guest."""
    assert signals_in("~~~") == []
