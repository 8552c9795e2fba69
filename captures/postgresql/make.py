"""A database and its clients on loopback: postgres, psql and pgbench 15 (Debian).

    apt install postgresql postgresql-contrib openssl && python3 captures/postgresql/make.py
"""

import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from record import record

BIN = "/usr/lib/postgresql/15/bin"
PORT = 5432
USERS = {"keeper": "scram-sha-256", "reader": "md5", "panel": "password", "guest": "trust"}
PASSWORD = os.urandom(9).hex()


def run(command, **more):
    done = subprocess.run(command, shell=True, check=False, capture_output=True, text=True, **more)
    print(command.split(" -c ")[0][-60:], done.returncode, done.stdout[-200:], done.stderr[-300:])


def sh(command):
    run(f"runuser -u postgres -- sh -c '{command}'", cwd="/")


def psql(user, *statements, tls="disable", password=PASSWORD):
    asked = " ".join(f'-c "{statement}"' for statement in statements)
    environment = {**os.environ, "PGPASSWORD": password, "PGGSSENCMODE": "disable"}
    run(f'{BIN}/psql "host=127.0.0.1 port={PORT} user={user} dbname=city sslmode={tls}" -X {asked}', env=environment)


def main():
    with tempfile.TemporaryDirectory() as top:
        os.chmod(top, 0o777)
        data = f"{top}/data"
        sh(f"{BIN}/initdb -D {data} -A trust >/dev/null")
        sh(f"openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=db.example -keyout {data}/server.key -out {data}/server.crt")
        sh(f"chmod 600 {data}/server.key")
        hba = "\n".join(["local all all trust"] + [f"host all {user} 127.0.0.1/32 {method}" for user, method in USERS.items()])
        pathlib.Path(data, "pg_hba.conf").write_text(hba + "\n")
        sh(f'{BIN}/pg_ctl -D {data} -w -o "-p {PORT} -k {top} -h 127.0.0.1 -c ssl=on" -l {top}/log start')
        for user, method in USERS.items():
            encryption = "md5" if method == "md5" else "scram-sha-256"
            sql = f"SET password_encryption = \\$a\\${encryption}\\$a\\$; CREATE ROLE {user} LOGIN PASSWORD \\$a\\${PASSWORD}\\$a\\$"
            sh(f'{BIN}/psql -h {top} -p {PORT} postgres -c "{sql}"')
        sh(f'{BIN}/createdb -h {top} -p {PORT} -O keeper city')
        script = pathlib.Path(top, "level.sql")
        script.write_text("\\set level 7\nUPDATE pumps SET level = :level WHERE name = 'north';\nSELECT level FROM pumps;\n")
        with record(HERE / "plain.pcap", {PORT}):
            psql("keeper", "CREATE TABLE pumps (name text, level int)", "INSERT INTO pumps VALUES ('north', 1), ('south', 2)", "GRANT SELECT ON pumps TO reader")
            psql("reader", "SELECT name, level FROM pumps", "DELETE FROM pumps", "SELECT frobnicate()")
            psql("panel", "SELECT 1")
            psql("guest", "COPY (SELECT 2) TO STDOUT")
            psql("reader", "SELECT 3", password="wrong")
            run(f"{BIN}/pgbench -n -t 2 -M prepared -f {script} -h 127.0.0.1 -p {PORT} -U keeper city", env={**os.environ, "PGPASSWORD": PASSWORD, "PGSSLMODE": "disable", "PGGSSENCMODE": "disable"})
        with record(HERE / "tls.pcap", {PORT}):
            psql("keeper", "SELECT count(*) FROM pumps", tls="require")
        sh(f"{BIN}/pg_ctl -D {data} -m immediate stop")


main()
