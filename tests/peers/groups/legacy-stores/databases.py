"""PostgreSQL and MariaDB of Debian, on private ports, each with the users of two old systems.

PostgreSQL refuses to run as root: it is then another user, of a user namespace or of the machine.
"""

import base64
import hashlib
import os
import pathlib
import shutil
import signal
import ssl
import subprocess
import time

import pg8000.dbapi
import pymysql
import trustme

import certificates
from local_world import ROOT, LocalWorld
from processes import Failed

DEBIAN = ROOT / "target/tools/legacy-stores-debian"
# What everybody's password is. It must appear in no log.
OLD = "Canary-battery-staple-7"
# What somebody sets later, and what somebody guesses.
NEW, WRONG = "New-canary-passphrase-2", "Wrong-canary-1"
# The passwords of the databases' user, before and after a rotation.
SECRETS = ("quite-secret-1", "quite-secret-2")
# Of the databases' administrator, as whom the group looks into them.
ADMIN = "administrator"
ID = "0b8f4c1e-5d0a-4c53-9d3b-6a1f3f2b7a11"


def django(password: str) -> str:
    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), b"salt", 1000)
    return f"pbkdf2_sha256$1000$salt${base64.b64encode(digest).decode()}"


def users(domain: str) -> str:
    """What both databases understand. The name of an address says what its row is for."""
    hashed = f"'{django(OLD)}'"
    rows = [
        ("'1'", f"'ana@{domain}'", "'Ana Ruiz'", hashed, "TRUE", "TRUE"),
        ("'2'", f"'una@{domain}'", "'Una O''Neil'", hashed, "FALSE", "TRUE"),
        ("'3'", f"'fred@{domain}'", "'Fred'", hashed, "TRUE", "TRUE"),
        ("'4'", f"'dora@{domain}'", "'Dora'", hashed, "TRUE", "FALSE"),
        ("'5'", f"'null@{domain}'", "'Null'", hashed, "TRUE", "NULL"),
        ("'6'", f"'bare@{domain}'", "NULL", "NULL", "TRUE", "TRUE"),
        ("'7'", f"'odd@{domain}'", "NULL", "'$9$nothing'", "TRUE", "TRUE"),
        ("NULL", f"'nobodys@{domain}'", "NULL", hashed, "TRUE", "TRUE"),
        ("'8'", f"'twin@{domain}'", "NULL", hashed, "TRUE", "TRUE"),
        ("'9'", f"'twin@{domain}'", "NULL", hashed, "TRUE", "TRUE"),
        *((f"'{n}'", f"'later-{n}@{domain}'", "NULL", hashed, "TRUE", "TRUE") for n in range(10, 30)),
        *((f"'{name}'", f"'{name}@{domain}'", "NULL", hashed, "TRUE", "TRUE") for name in ("sleepy", "quoted")),
    ]
    return "INSERT INTO users VALUES\n" + ",\n".join(f"({', '.join(row)})" for row in rows)


class Database:
    """One server. What is different in each is in its class."""

    engine = parameter = ready = domain = executing = ""

    def __init__(self, world: LocalWorld, talks: bool = True):
        """With `talks`, it logs each statement."""
        self.world, self.talks = world, talks
        self.folder = world.work / self.engine
        self.folder.mkdir()
        self.data = self.folder / "data"
        self.data.mkdir()
        self.port = world.processes.free_port()
        self.env = world.env | {"LD_LIBRARY_PATH": str(next(DEBIAN.glob("usr/lib/*-linux-gnu")))}
        self.authority = world.work / "ca.pem"
        if not self.authority.exists():
            world.ca = trustme.CA()
            world.ca.cert_pem.write_to_path(self.authority)
        self.as_user = self.unprivileged()
        self.prepare()
        self.show("right")

    def unprivileged(self) -> list:
        return []

    def show(self, certificate: str):
        """From its next start on, the server shows this certificate."""
        key, chain = self.data / "server.key", self.data / "server.pem"
        private, shown = certificates.issue(self.world.ca, certificate)
        key.write_bytes(private)
        chain.write_bytes(shown)
        for file in (key, chain):
            file.chmod(0o600)
            shutil.chown(file, self.data.stat().st_uid, self.data.stat().st_gid)

    def run(self, command: list, given: str = "") -> str:
        words = [str(word) for word in (*self.as_user, *command)]
        done = subprocess.run(words, env=self.env, cwd=self.folder, input=given, capture_output=True, text=True, timeout=60)
        if done.returncode or "ERROR" in done.stderr:
            raise Failed(f"{pathlib.Path(words[0]).name} of {self.engine}:\n{(done.stdout + done.stderr)[-3000:]}")
        return done.stdout

    def start(self):
        """Starts it; returns once it lets people in. What it says is kept from one start to the next."""
        log = self.world.processes.start(self.engine, [*self.as_user, *self.command()], self.env, self.folder)
        until = time.monotonic() + 30
        while self.ready not in log.read_text(errors="replace"):
            if time.monotonic() > until or self.world.processes.running[self.engine].poll() is not None:
                raise Failed(f"{self.engine} does not start:\n{self.world.processes.tail(self.engine)}")
            time.sleep(0.02)

    def stop(self):
        """Ends it and every connection to it."""
        process = self.world.processes.running.pop(self.engine)
        # PostgreSQL waits for its clients where it is only asked to end.
        process.send_signal(signal.SIGINT if self.engine == "postgresql" else signal.SIGTERM)
        process.wait(20)
        log = self.folder.parent / f"{self.engine}.log"
        with (self.folder / "earlier.log").open("ab") as earlier:
            earlier.write(log.read_bytes())

    def sleeping(self) -> int:
        """How many statements of the store the server executes right now."""
        return self.asked(self.executing)[0][0]

    def restart(self):
        self.stop()
        self.start()

    def connect(self, user: str, password: str):
        """A connection of this user, by a driver that nobody here wrote, over TLS; each statement is a transaction."""
        trusting = ssl.create_default_context(cafile=self.authority)
        return self.driver(user, password, trusting)

    def asked(self, statement: str) -> list[list]:
        """What the administrator is told."""
        connection = self.connect(ADMIN, ADMIN)
        try:
            cursor = connection.cursor()
            cursor.execute(statement)
            return [list(row) for row in cursor.fetchall()] if cursor.description else []
        finally:
            connection.close()

    def said(self) -> str:
        """All that the server has logged, statements and connections too."""
        logs = [self.folder / "earlier.log", self.folder.parent / f"{self.engine}.log", *self.data.glob("general.log")]
        return "".join(log.read_text(errors="replace") for log in logs if log.exists())


class PostgreSql(Database):
    engine, parameter, ready = "postgresql", "$1", "ready to accept connections"
    domain = "postgres.example"
    executing = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'poolkeeper' AND state = 'active'"
    programs = DEBIAN / "usr/lib/postgresql/15/bin"

    def unprivileged(self) -> list:
        if os.geteuid() != 0:
            return []
        namespace = ["unshare", "--user", "--map-user=65534", "--map-group=65534"]
        if shutil.which("unshare") and subprocess.run([*namespace, "true"], capture_output=True).returncode == 0:
            return namespace
        if shutil.which("setpriv"):
            os.chown(self.data, 65534, 65534)
            return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        raise Failed("PostgreSQL does not run as root, and setpriv is not there: apt-get install util-linux")

    def prepare(self):
        password = self.folder / "administrator"
        password.write_text(f"{ADMIN}\n")
        password.chmod(0o644)
        initdb = ["-D", self.data, "-U", ADMIN, "--auth=scram-sha-256", f"--pwfile={password}", "-E", "UTF8"]
        self.run([self.programs / "initdb", *initdb, "--locale=C.UTF-8", "--no-sync"])
        self.single("postgres", ["CREATE DATABASE shop"])
        self.single("shop", [
            "CREATE TABLE users (id text, email text, name varchar(99), password_hash text, email_verified boolean, "
            "enabled boolean)",
            users(self.domain),
            "CREATE TYPE mood AS ENUM ('happy')",
            "CREATE TABLE odd (id uuid, mail text, pw bytea, roles text[], active boolean, born date)",
            f"INSERT INTO odd VALUES ('{ID}', 'odette@{self.domain}', '{django(OLD)}'::bytea, '{{writers,staff}}', TRUE, "
            "'1990-05-01')",
            f"CREATE ROLE poolkeeper LOGIN PASSWORD '{SECRETS[0]}'",
            "GRANT SELECT ON users, odd TO poolkeeper",
            # What no query should do, and a statement's own server refuses: the user may, by these grants.
            "CREATE TABLE notes (who text)",
            "GRANT INSERT ON notes TO poolkeeper",
            "CREATE FUNCTION note(who text) RETURNS boolean LANGUAGE plpgsql AS "
            "$$ BEGIN INSERT INTO notes VALUES (who); RETURN true; END $$",
            "CREATE FUNCTION quoting(who text) RETURNS boolean LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'no % here', who; END $$",
        ])
        # Nobody gets in without TLS.
        (self.data / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 scram-sha-256\n")

    def single(self, database: str, statements: list[str]):
        """Runs statements on a server of one's own, which ends with them."""
        given = "".join(f"{statement};\n\n" for statement in statements)
        self.run([self.programs / "postgres", "--single", "-j", "-D", self.data, database], given)

    def command(self) -> list:
        settings = {
            "listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": "", "ssl": "on",
            "ssl_cert_file": "server.pem", "ssl_key_file": "server.key", "fsync": "off",
        }
        if self.talks:
            settings |= {"log_statement": "all", "log_connections": "on"}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [self.programs / "postgres", "-D", self.data, *options]

    def ended(self) -> int:
        """How many statements the server has ended for taking too long."""
        return self.said().count("canceling statement due to statement timeout")

    def driver(self, user: str, password: str, trusting: ssl.SSLContext):
        where = {"host": "localhost", "port": self.port, "database": "shop"}
        connection = pg8000.dbapi.connect(user=user, password=password, ssl_context=trusting, **where)
        connection.autocommit = True
        return connection

    def rotate(self):
        """Gives the databases' user the second password, and ends every connection."""
        self.stop()
        self.single("shop", [f"ALTER ROLE poolkeeper PASSWORD '{SECRETS[1]}'"])
        self.start()


class MariaDb(Database):
    engine, parameter, ready = "mysql", "?", "ready for connections"
    domain = "mariadb.example"
    executing = "SELECT count(*) FROM information_schema.processlist WHERE user = 'poolkeeper' AND command <> 'Sleep'"
    program, share = DEBIAN / "usr/sbin/mariadbd", DEBIAN / "usr/share/mysql"

    def options(self) -> list:
        options = ["--no-defaults", f"--datadir={self.data}", f"--lc-messages-dir={self.share}"]
        options += [f"--character-sets-dir={self.share}/charsets", f"--plugin-dir={self.data}"]
        return options + (["--user=root"] if os.geteuid() == 0 else [])

    def prepare(self):
        tables = [self.share / f"mysql_system_tables{part}.sql" for part in ("", "_data")]
        text = "create database mysql;\nuse mysql;\n" + "".join(table.read_text() for table in tables)
        self.run([self.program, *self.options(), "--bootstrap"], text)
        self.first = self.folder / "first.sql"
        self.first.write_text(";\n".join([
            "CREATE DATABASE shop CHARACTER SET utf8mb4",
            "USE shop",
            "CREATE TABLE users (id varchar(40), email varchar(200), name varchar(99), password_hash varchar(200), "
            "email_verified boolean, enabled boolean)",
            " ".join(users(self.domain).splitlines()),
            "CREATE TABLE odd (id uuid, mail varchar(200), pw varbinary(200), roles varchar(99), active bit(1), born date)",
            f"INSERT INTO odd VALUES ('{ID}', 'odette@{self.domain}', '{django(OLD)}', 'writers, staff', b'1', '1990-05-01')",
            f"CREATE USER poolkeeper@'%' IDENTIFIED BY '{SECRETS[0]}' REQUIRE SSL",
            "GRANT SELECT ON shop.users TO poolkeeper@'%'",
            "GRANT SELECT ON shop.odd TO poolkeeper@'%'",
            f"CREATE USER {ADMIN}@'%' IDENTIFIED BY '{ADMIN}' REQUIRE SSL",
            f"GRANT ALL ON *.* TO {ADMIN}@'%'",
            # As in PostgreSQL. What calls a function needs no more than a grant to.
            "CREATE TABLE notes (who varchar(200))",
            "GRANT INSERT ON shop.notes TO poolkeeper@'%'",
            "GRANT EXECUTE ON shop.* TO poolkeeper@'%';\n",
        ]))

    def functions(self):
        """Makes functions, which a file of statements cannot: their bodies have semicolons."""
        begin = "BEGIN DECLARE said varchar(250)"
        self.asked(f"CREATE FUNCTION note(who varchar(200)) RETURNS int {begin}; INSERT INTO notes VALUES (who); RETURN 1; END")
        self.asked(
            f"CREATE FUNCTION quoting(who varchar(200)) RETURNS int {begin}; SET said = CONCAT('no ', who, ' here'); "
            "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = said; RETURN 1; END"
        )

    def command(self) -> list:
        command = [self.program, *self.options(), f"--port={self.port}", "--bind-address=127.0.0.1"]
        command += [f"--socket={self.folder}/socket", f"--ssl-cert={self.data}/server.pem", f"--ssl-key={self.data}/server.key"]
        if self.talks:
            command += ["--general-log", f"--general-log-file={self.data}/general.log"]
        command += [f"--init-file={self.first}"] if self.first else []
        self.first = None
        return command

    def ended(self) -> int:
        return int(self.asked("SHOW GLOBAL STATUS LIKE 'Max_statement_time_exceeded'")[0][1])

    def driver(self, user: str, password: str, trusting: ssl.SSLContext):
        where = {"host": "localhost", "port": self.port, "database": "shop"}
        return pymysql.connect(user=user, password=password, ssl=trusting, autocommit=True, **where)

    def rotate(self):
        self.stop()
        self.first = self.folder / "rotate.sql"
        self.first.write_text(f"ALTER USER poolkeeper@'%' IDENTIFIED BY '{SECRETS[1]}';\n")
        self.start()
