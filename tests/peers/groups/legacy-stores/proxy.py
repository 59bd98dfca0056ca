"""Stands between a store and its database, and lets the network misbehave."""

import contextlib
import socket
import threading


class Proxy:
    """Forwards connections to `target` on this machine, and counts them."""

    def __init__(self, target: int):
        self.target = target
        self.accepted = 0
        # Whether new connections are taken and never answered.
        self.hangs = False
        self.pairs: list[Pair] = []
        self.waiting: list[socket.socket] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            self.accepted += 1
            if self.hangs:
                self.waiting.append(client)
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                client.close()
                continue
            self.pairs.append(Pair(client, server))

    def forget(self):
        """Loses whatever the connections of now still carry, and tells nobody, as a firewall does."""
        for pair in self.pairs:
            pair.forgotten = True

    def cut(self):
        """Ends the connections of now."""
        for pair in self.pairs:
            pair.close()
        self.pairs.clear()


class Pair:
    """A connection."""

    def __init__(self, client: socket.socket, server: socket.socket):
        self.client, self.server, self.forgotten = client, server, False
        # Whether the client has closed it, and whether it was asked something after it was forgotten.
        self.left = self.asked_in_vain = False
        for ends in ((client, server), (server, client)):
            threading.Thread(target=self.pump, args=ends, daemon=True).start()

    def pump(self, source: socket.socket, sink: socket.socket):
        with contextlib.suppress(OSError):
            while octets := source.recv(65536):
                if not self.forgotten:
                    sink.sendall(octets)
                elif source is self.client:
                    self.asked_in_vain = True
        self.left |= source is self.client
        if not self.forgotten:
            self.close()

    def close(self):
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
