"""Keys and certificates: the council's own authority, a public one, and one certificate nobody renewed."""

import datetime
import ipaddress
import subprocess

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from place import WORK

DAY = datetime.timedelta(days=1)


def name(common: str, organisation: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "GB"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def write(path, certificates, key) -> None:
    pem = serialization.Encoding.PEM
    path.with_name(path.name + ".crt").write_bytes(b"".join(c.public_bytes(pem) for c in certificates))
    secret = key.private_bytes(pem, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
    path.with_name(path.name + ".key").write_bytes(secret)


class Authority:
    """Issues certificates. They outlive the demo: twenty years, so that a replay today finds them valid."""

    def __init__(self, common: str, organisation: str, file: str):
        self.organisation = organisation
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = name(common, organisation)
        self.begin = datetime.datetime.now(datetime.UTC) - 30 * DAY
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(self.name)
            .issuer_name(self.name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.begin)
            .not_valid_after(self.begin + 7300 * DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        write(WORK / file, [self.certificate], self.key)

    def issue(self, file: str, common: str, names: list[str], addresses: list[str] = ()) -> None:
        """A server's certificate with a P-256 key, written to `file`.crt and `file`.key."""
        key = ec.generate_private_key(ec.SECP256R1())
        alternatives = [x509.DNSName(n) for n in names] + [x509.IPAddress(ipaddress.ip_address(a)) for a in addresses]
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name(common, self.organisation))
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.begin)
            .not_valid_after(self.begin + 7000 * DAY)
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        write(WORK / file, [certificate], key)


def self_signed(file: str, common: str, organisation: str, begin, end, key=None) -> None:
    """A certificate signed by nobody but itself."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = name(common, organisation)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .sign(key, hashes.SHA256())
    )
    write(WORK / file, [certificate], key)


def expired(file: str, common: str, organisation: str) -> None:
    """The old boiler panel's: RSA with 1024 bits, made in 2009 for ten years, never renewed."""
    utc = datetime.UTC
    self_signed(
        file,
        common,
        organisation,
        datetime.datetime(2009, 5, 12, tzinfo=utc),
        datetime.datetime(2019, 5, 10, tzinfo=utc),
        rsa.generate_private_key(65537, 1024),
    )


def ssh_key(file: str) -> None:
    """A key for SSH, without a comment that would name the machine."""
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "averbourne", "-f", str(WORK / file)]
    subprocess.run(words, check=True)
