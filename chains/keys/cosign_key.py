"""cosign's encrypted private keys: scrypt, then NaCl's secretbox, over PKCS#8."""

import hashlib
import secrets
from collections.abc import Iterator

import msgspec
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from chains.errors import InputError
from chains.keys.pem import armour, first_block

_LABEL = "ENCRYPTED SIGSTORE PRIVATE KEY"
_OLD_LABEL = "ENCRYPTED COSIGN PRIVATE KEY"
_KDF = "scrypt"
_CIPHER = "nacl/secretbox"
_SALT_SIZE = 32
_LARGEST_N = 2**20
_LARGEST_R = 16
_LARGEST_P = 4
_LARGEST_MEMORY = 2**30


class _Cost(msgspec.Struct, frozen=True):
    n: int = msgspec.field(name="N")
    r: int
    p: int

    @property
    def memory(self) -> int:
        return 128 * self.n * self.r


class _Kdf(msgspec.Struct, frozen=True):
    name: str
    params: _Cost
    salt: bytes


class _Cipher(msgspec.Struct, frozen=True):
    name: str
    nonce: bytes


class _EncryptedKey(msgspec.Struct, frozen=True):
    kdf: _Kdf
    cipher: _Cipher
    ciphertext: bytes


_COST = _Cost(n=65536, r=8, p=1)  # what cosign 2 and 3 write: 64 MiB, about 0.2 s


def decrypt(pem: bytes, password: bytes, source: str = "cosign.password") -> bytes:
    """Return the PKCS#8 DER inside cosign's key; raise InputError when the file or the password is wrong.

    `source` is where the password comes from, for the refusal. The password is tried as it is, then without one
    trailing newline, which editors and `kubectl` leave behind. Costs what the file asks for (cosign's own: 64 MiB,
    about 0.2 s) within bounds that are checked before anything is derived: N a power of two up to 2^20, r up to 16,
    p up to 4, 1 GiB of memory. Blocks, but lets other threads run.
    """
    key = _read(pem)
    _check(key)
    for attempt in _spellings(password):
        box = SecretBox(_derive(attempt, key.kdf.salt, key.kdf.params))
        try:
            return box.decrypt(key.ciphertext, key.cipher.nonce)
        except CryptoError:
            continue
    raise InputError(f"the password from {source} does not open the key, or the key is damaged")


def encrypt(pkcs8: bytes, password: bytes) -> bytes:
    """Return PKCS#8 DER as the encrypted PEM that cosign 2.2 and later write. Blocks as `decrypt` does."""
    salt, nonce = secrets.token_bytes(_SALT_SIZE), secrets.token_bytes(SecretBox.NONCE_SIZE)
    ciphertext = SecretBox(_derive(password, salt, _COST)).encrypt(pkcs8, nonce).ciphertext
    key = _EncryptedKey(_Kdf(_KDF, _COST, salt), _Cipher(_CIPHER, nonce), ciphertext)
    return armour(_LABEL, msgspec.json.encode(key))


def _read(pem: bytes) -> _EncryptedKey:
    block = first_block(pem)
    if block.label not in (_LABEL, _OLD_LABEL):
        raise InputError(f"this is a PEM block of the type {block.label}, not cosign's {_LABEL}")
    try:
        return msgspec.json.decode(block.body, type=_EncryptedKey)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the encrypted key inside the PEM block is damaged: {error}") from error


def _check(key: _EncryptedKey) -> None:
    if key.kdf.name != _KDF:
        raise InputError(f"the key is derived with {key.kdf.name[:40]!r}; cosign uses {_KDF!r} only")
    if key.cipher.name != _CIPHER:
        raise InputError(f"the key is encrypted with {key.cipher.name[:40]!r}; cosign uses {_CIPHER!r} only")
    if len(key.cipher.nonce) != SecretBox.NONCE_SIZE:
        raise InputError(f"the key's nonce has {len(key.cipher.nonce)} bytes instead of {SecretBox.NONCE_SIZE}")
    cost = key.kdf.params
    power_of_two = 2 <= cost.n <= _LARGEST_N and cost.n.bit_count() == 1
    if not (power_of_two and 1 <= cost.r <= _LARGEST_R and 1 <= cost.p <= _LARGEST_P):
        raise InputError(
            f"the key's scrypt cost N={cost.n} r={cost.r} p={cost.p} is out of bounds: "
            f"N is a power of two up to {_LARGEST_N}, r at most {_LARGEST_R}, p at most {_LARGEST_P}"
        )
    if cost.memory > _LARGEST_MEMORY:
        raise InputError(f"the key's scrypt cost N={cost.n} r={cost.r} takes {cost.memory >> 20} MiB; 1024 is the most")


def _derive(password: bytes, salt: bytes, cost: _Cost) -> bytes:
    room = cost.memory + 128 * cost.r * (cost.p + 2) + 2**20  # OpenSSL counts its own blocks too
    try:
        return hashlib.scrypt(password, salt=salt, n=cost.n, r=cost.r, p=cost.p, maxmem=room, dklen=SecretBox.KEY_SIZE)
    except (ValueError, MemoryError) as error:
        raise InputError(
            f"no key could be derived from the password with N={cost.n} r={cost.r} p={cost.p}: "
            f"it takes {cost.memory >> 20} MiB of memory"
        ) from error


def _spellings(password: bytes) -> Iterator[bytes]:
    yield password
    if password.endswith(b"\n"):
        yield password[:-1].removesuffix(b"\r")
