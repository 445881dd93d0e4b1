"""Says one line to the lobby and prints what is said there: a whole client.

Usage: /usr/bin/python3 examples/hello.py [TEXT]     (needs python3-zmq and python3-msgpack)

A broker beyond this machine: HUBBUB_ROUTER and HUBBUB_PUB say where it is, HUBBUB_KEY names your key file (made by
`hubbubctl key new`), HUBBUB_SERVER_KEY is the broker's public key. HUBBUB_NICK and HUBBUB_PASSWORD log in to an account."""
import os, sys, zmq, zmq.auth, msgpack

context = zmq.Context.instance()
key_file = os.environ.get("HUBBUB_KEY")

def connect(kind, endpoint):
    socket = context.socket(kind)
    if key_file:
        socket.curve_publickey, socket.curve_secretkey = zmq.auth.load_certificate(key_file)
        socket.curve_serverkey = os.environ["HUBBUB_SERVER_KEY"].encode()
    socket.connect(endpoint)
    return socket

events = connect(zmq.SUB, os.environ.get("HUBBUB_PUB", "tcp://127.0.0.1:5681"))
events.subscribe(b"lobby\0")
commands = connect(zmq.DEALER, os.environ.get("HUBBUB_ROUTER", "tcp://127.0.0.1:5680"))

def ask(request):
    commands.send(msgpack.packb(request))
    while True:  # private messages come the same way; skip what is not our answer
        answer = msgpack.unpackb(commands.recv())
        if answer.get("re") == request["id"]:
            return answer

hello = {"op": "hello", "id": 1}
if "HUBBUB_NICK" in os.environ:  # of an account; registered by {"op": "register", "password": ...}, or by the operator
    hello |= {"nick": os.environ["HUBBUB_NICK"], "password": os.environ["HUBBUB_PASSWORD"]}
answer = ask(hello)
if "error" in answer:
    sys.exit(f"{answer['error']}: {answer['hint']}")
print("I am", answer["nick"])
events.poll(1000)  # until the subscription works: we hear our own arrival, or the room's head after it
ask({"op": "say", "id": 2, "room": "lobby", "text": " ".join(sys.argv[1:]) or "hello from Python"})
while True:
    if events.poll(3000):  # milliseconds
        room, body = events.recv().split(b"\0", 1)
        event = msgpack.unpackb(body)
        if event["ev"] == "message":
            print(f"[{event['from']}]{event['text']}", flush=True)
    ask({"op": "ping", "id": 3})  # stays: a link silent for three heartbeats is lost
