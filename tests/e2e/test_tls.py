"""TLS at the bridge: the same people and lines, encrypted; and what comes to the wrong port."""
import contextlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import warnings

import pytest

from conftest import tls_door
from hub import PATIENCE_S, SLOWNESS, certificate as make_certificate, until

SLOW_LINES = 1500
PEM = "a PEM file without a passphrase is needed"
WINDOW_BYTES = 131072  # more than a segment over loopback: below that the kernel tells of room in the window by its timers only


def bridge_process(broker):
    return (broker.bridge or broker).process


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def test_p150_people_talk_over_tls(start_tls, secured, line, version):
    broker = start_tls()
    ada, bob = secured(broker, nick="ada", versions=(version, version)), line(broker, nick="bob")
    assert ada.socket.version() == {ssl.TLSVersion.TLSv1_2: "TLSv1.2", ssl.TLSVersion.TLSv1_3: "TLSv1.3"}[version]
    ada.say("is this safe?")
    bob.line("[ada]is this safe?")
    bob.say("to|ada|on your side")
    ada.line("[bob -> you]on your side")


def test_p150_older_versions_are_refused(start_tls, certificate, secured):
    broker = start_tls()
    with socket.create_connection(broker.tls) as sock:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        with pytest.raises(ssl.SSLError, match="alert protocol version"):  # the other end's word, not our library's
            context.wrap_socket(sock)
    secured(broker)
    broker.stop()
    assert broker.bridge_counter("handshakes_failed") == 1


def test_p150_ciphers_without_forward_secrecy_are_refused(start_tls):
    broker = start_tls()
    with socket.create_connection(broker.tls) as sock:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_ciphers("AES256-GCM-SHA384:AES128-SHA:ECDHE-ECDSA-AES128-SHA")
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with pytest.raises((ssl.SSLError, ConnectionError)):
            context.wrap_socket(sock)


@pytest.mark.parametrize("client", [["openssl", "s_client", "-quiet", "-no_ign_eof", "-connect", "{host}:{port}"],
                                    ["ncat", "--ssl", "{host}", "{port}"]], ids=["openssl", "ncat"])
def test_what_people_have_is_enough(start_tls, line, client):
    broker = start_tls()
    bob = line(broker, nick="bob")
    host, port = broker.tls
    program = subprocess.Popen([word.format(host=host, port=port) for word in client], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        nick = re.search(rb"you are (\S+)\.", program.stdout.readline()).group(1).decode()
        program.stdin.write(b"hello from a terminal\n")
        program.stdin.flush()
        bob.line(f"[{nick}]hello from a terminal")
        program.stdin.close()
        bob.line(f"{nick} went")
    finally:
        program.kill()
        program.wait()
        program.stdout.close()


def test_p151_who_comes_in_clear_is_told_and_closed(start_tls, line):
    broker = start_tls()
    lost = line(broker.tls, greeted=False)
    lost.say("hello?")
    lost.line("This port speaks TLS")
    lost.ends()
    assert broker.counter("sessions") == 0
    broker.stop()
    assert broker.bridge_counter("plain_at_tls") == 1


def test_p152_tls_at_the_plain_port_is_closed(start, line, certificate):
    broker = start(tcp=True)
    context = ssl.create_default_context(cafile=certificate[0])
    with socket.create_connection(broker.tcp) as sock:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            context.wrap_socket(sock, server_hostname="localhost")
    # One that waits for the greeting first sends its hello into a session.
    patient = line(broker)
    patient.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500))
    patient.line("for people who type")
    patient.finish()
    patient.ends()
    until(lambda: broker.counter("sessions") == 0, lambda _: None, "both are gone")
    broker.stop()
    assert broker.bridge_counter("tls_at_plain") == 2


def test_p152_https_says_nothing_in_anybodys_name(start_tls, secured, client):
    """A page that was told to send a form here, where the certificate is good."""
    broker = start_tls()
    witness = client("witness", join=["lobby"], to=broker)
    browser = secured(broker)
    browser.send(b"POST / HTTP/1.1\r\nHost: chat\r\n\r\nhello from a page\r\n")
    browser.line("for people who type")
    browser.ends()
    person = secured(broker)
    person.say("GETTING old")
    assert witness.event("message")["text"] == "GETTING old"


def test_p153_half_a_handshake_ends(start_tls, line, secured):
    broker = start_tls("--set", "enter_ms=300")
    silent = line(broker.tls, greeted=False)
    half = line(broker.tls, greeted=False)
    half.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
    silent.line("This port speaks TLS")
    silent.ends()
    half.ends()
    secured(broker)
    assert broker.counter("sessions") == 1
    broker.stop()
    assert broker.bridge_counter("entered_late") == 2


def test_p153_a_byte_now_and_then_keeps_nobody_at_the_door(start_tls, start, line, certificate):
    """Of a client's true hello; and of a PROXY header that is true as well."""
    context, out = ssl.create_default_context(cafile=certificate[0]), ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), out, server_hostname="localhost").do_handshake()
    hello = out.read()
    tls, proxied = start_tls("--set", "enter_ms=500"), start(tcp=True, door=["--proxy-from", "127.0.0.1", "--set", "enter_ms=500"])
    header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x02\x00" + bytes(512)
    assert 1 < line(tls.tls, greeted=False).drips(hello) < len(hello)
    assert 1 < line(proxied, greeted=False).drips(header) < len(header)
    for broker in (tls, proxied):
        broker.stop()
        assert broker.bridge_counter("entered_late") == 1


def test_who_drips_a_line_over_tls_is_idle(start, certificate, secured):
    """Slowloris inside the encryption: one record a byte, and never a line."""
    broker = start("--idle-ms", int(600 * SLOWNESS), tcp=True, door=tls_door(certificate))
    slow, silent = secured(broker), secured(broker)
    slow.drips(b"x" * 100000)
    silent.ends()
    assert any("idle" in text or "nothing" in text for text in slow.heard), slow.heard
    assert any("idle" in text or "nothing" in text for text in silent.heard), silent.heard


def test_a_slow_reader_gets_every_line_in_order(start_tls, secured, client):
    """Records that the socket takes in part. As many lines as the bridge keeps however long it takes (256 KB), and what the
    kernel takes besides."""
    broker = start_tls()
    slow = secured(broker, receive_bytes=WINDOW_BYTES)
    speaker = client("speaker", join=["lobby"], to=broker)
    text = "x" * 400
    for number in range(SLOW_LINES):
        speaker.send("say", room="lobby", text=f"{number} {text}")
        if number % 300 == 299:
            speaker.flush()
    heard = 0
    while heard < SLOW_LINES:
        line = slow.line("[speaker]")
        assert line == f"[speaker]{heard} {text}"
        heard += 1


def test_p88_who_does_not_read_over_tls_is_disconnected_too(start_tls, secured, client):
    broker = start_tls()
    stuck = secured(broker, receive_bytes=4096)
    speaker = client("speaker", join=["lobby"], to=broker)
    for number in range(400):
        speaker.send("say", room="lobby", text=f"{number} " + "x" * 4000)
    speaker.flush()
    until(lambda: broker.counter("sessions") == 1, lambda _: None, "the end of who does not read", within_s=3 * PATIENCE_S)
    stuck.ends()
    broker.stop()
    assert broker.bridge_counter("stalled_kicks") == 1


def test_many_lines_in_one_record_are_all_read(start_tls, secured, line):
    broker = start_tls()
    ada, bob = secured(broker, nick="ada"), line(broker, nick="bob")
    ada.send("".join(f"number {number}.\r\n" for number in range(2000)))
    for number in range(2000):
        assert bob.line("[ada]") == f"[ada]number {number}."


def test_p154_an_end_that_was_not_said_cuts_the_last_line_off(start_tls, secured, line):
    """Who cuts a connection cannot make half a line count; who says good-bye need not end it."""
    broker = start_tls()
    bob = line(broker, nick="bob")
    cut = secured(broker, nick="cut")
    cut.send("whole\r\nnot to be s")
    bob.line("[cut]whole")
    cut.socket.shutdown(socket.SHUT_WR)
    bob.line("cut went")
    polite = secured(broker, nick="polite")
    polite.send("whole\r\nthe last")
    with contextlib.suppress(ssl.SSLError, OSError):  # lines come before the other end's good-bye
        polite.socket.unwrap()
    bob.line("[polite]the last")
    bob.line("polite went")
    assert not any("not to be s" in text for text in bob.heard)


def test_who_quits_is_told_the_end_in_order(start_tls, secured):
    broker = start_tls()
    ada = secured(broker, nick="ada")
    ada.say("/quit")
    ada.line("* Bye.")
    ada.ends()
    assert ada.was_goodbye


def test_p155_a_second_handshake_is_refused(start_tls, secured):
    broker = start_tls()
    ada = secured(broker, nick="ada")
    host, port = broker.tls
    program = subprocess.Popen(["openssl", "s_client", "-tls1_2", "-connect", f"{host}:{port}"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    ada.line("came")
    output, _ = program.communicate(b"R\nI should be gone\n", timeout=PATIENCE_S)
    ada.line("went")
    assert b"RENEGOTIATING" in output
    assert not any("should be gone" in text for text in ada.heard)


def shows(broker, cert):
    """True if who comes now is shown that certificate."""
    shown = ssl.get_server_certificate(broker.tls)
    return ssl.PEM_cert_to_DER_cert(shown) == ssl.PEM_cert_to_DER_cert(cert.read_text())


def test_p156_a_new_certificate_is_taken_up_and_nobody_is_disturbed(start, secured, tmp_path, line):
    cert, key = make_certificate(tmp_path)
    broker = start(tcp=True, door=["--tls-listen", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key])
    ada = secured(broker, nick="ada", cert=cert)
    new_cert, new_key = make_certificate(tmp_path, "new")
    shutil.copy(new_cert, cert)
    shutil.copy(new_key, key)
    bridge_process(broker).send_signal(signal.SIGHUP)
    until(lambda: shows(broker, new_cert), lambda _: None, "the new certificate")
    ada.say("still here")
    ada.line("[ada]still here")
    # What cannot be used changes nothing.
    key.write_text("nonsense")
    bridge_process(broker).send_signal(signal.SIGHUP)
    until(lambda: "tls.unreloaded" in broker.bridge_log(), lambda _: None, "a line in the log")
    assert shows(broker, new_cert)
    ada.say("and here")
    ada.line("[ada]and here")


def test_p156_a_key_that_others_can_read_is_refused(run, tmp_path):
    cert, key = make_certificate(tmp_path)
    key.chmod(0o644)
    program = run("hubbub-bridge", "--listen", "none", "--tls-listen", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key,
                  ready=False)
    assert program.wait() == 1 and "others can read it" in program.log()


@pytest.mark.parametrize("options, says", [
    (["--listen", "none"], "neither --listen nor --tls-listen"),
    (["--listen", "none", "--tls-listen", "127.0.0.1:0"], "--tls-listen needs --tls-cert FILE and --tls-key FILE"),
    (["--tls-listen", "here"], "--tls-listen here: HOST:PORT is needed"),
    (["--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0", "--tls-cert", "/dev/null", "--tls-key", "/none"],
     "--tls-key /none: No such file"),
])
def test_what_is_missing_is_said(run, options, says):
    program = run("hubbub-bridge", *options, ready=False)
    assert program.wait() in (1, 2) and says in program.log()


@pytest.mark.parametrize("option, content, says", [
    ("cert", None, "No such file"), ("cert", "", PEM), ("cert", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", PEM),
    ("key", "", PEM), ("key", "passphrase", PEM)], ids=["none", "empty", "broken", "empty key", "passphrase"])
def test_what_is_wrong_with_a_file_is_said(run, tmp_path, option, content, says):
    files = dict(zip(("cert", "key"), make_certificate(tmp_path)))
    bad = tmp_path / "bad"
    if content == "passphrase":
        subprocess.run(["openssl", "pkey", "-in", files["key"], "-aes256", "-passout", "pass:secret", "-out", bad], check=True)
    elif content is not None:
        bad.write_text(content)
        bad.chmod(0o600)
    files[option] = bad
    program = run("hubbub-bridge", "--listen", "none", "--tls-listen", "127.0.0.1:0", "--tls-cert", files["cert"], "--tls-key", files["key"],
                  ready=False)
    assert program.wait() == 1 and f"--tls-{option} {bad}: " in program.log() and says in program.log(), program.log()


def test_the_plain_port_can_be_switched_off(start, certificate, secured):
    broker = start("--tcp", "none", "--tls-listen", "127.0.0.1:0", "--tls-cert", certificate[0], "--tls-key", certificate[1])
    assert "tcp" not in broker.ready
    host, port = broker.ready["tls"][0].rsplit(":", 1)
    broker.tls = (host, int(port))
    secured(broker)
