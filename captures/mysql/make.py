"""A database and its client on loopback: mariadbd and mariadb 10.11 (Debian).

    apt install mariadb-server mariadb-client openssl && python3 captures/mysql/make.py
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from record import record

PORT = 3306
PASSWORD = os.urandom(9).hex()


def run(command, **more):
    done = subprocess.run(command, shell=True, check=False, capture_output=True, text=True, **more)
    print(command[:60], done.returncode, done.stdout[-200:], done.stderr[-300:])


def ask(user, sql, tls="--skip-ssl", password=PASSWORD):
    proof = f"-p{password}" if password else ""
    run(f"mariadb --no-defaults -h 127.0.0.1 -P {PORT} {tls} -u {user} {proof} city --force -e \"{sql}\"")


def main():
    with tempfile.TemporaryDirectory() as top:
        os.chmod(top, 0o777)
        run(f"mariadb-install-db --no-defaults --user=mysql --datadir={top}/data --auth-root-authentication-method=normal")
        run(f"openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=db.example -keyout {top}/key.pem -out {top}/cert.pem")
        run(f"chown mysql {top}/key.pem {top}/cert.pem")
        server = subprocess.Popen(
            f"exec mariadbd --no-defaults --user=mysql --datadir={top}/data --socket={top}/s --pid-file={top}/pid --bind-address=127.0.0.1 --port={PORT} --ssl-key={top}/key.pem --ssl-cert={top}/cert.pem 2>/dev/null",
            shell=True,
        )
        time.sleep(4)
        users = f"CREATE DATABASE city; CREATE USER keeper@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'; GRANT ALL ON city.* TO keeper@'127.0.0.1'; CREATE USER guest@'127.0.0.1'; GRANT SELECT ON city.* TO guest@'127.0.0.1';"
        run(f"mariadb --no-defaults -S {top}/s -u root", input=users)
        with record(HERE / "plain.pcap", {PORT}):
            ask("keeper", "CREATE TABLE pumps (name text, level int); INSERT INTO pumps VALUES ('north', 1), ('south', 2); SELECT name, level FROM pumps; UPDATE pumps SET level = 3; SELECT nothing FROM pumps;")
            ask("keeper", "PREPARE s FROM 'SELECT level FROM pumps WHERE name = ?'; SET @n = 'north'; EXECUTE s USING @n;")
            ask("guest", "SELECT level FROM pumps; DELETE FROM pumps;", password="")
            ask("keeper", "SELECT 1", password="wrong")
        with record(HERE / "tls.pcap", {PORT}):
            ask("keeper", "SELECT count(*) FROM pumps", tls="--ssl")
        server.terminate()
        server.wait()


main()
