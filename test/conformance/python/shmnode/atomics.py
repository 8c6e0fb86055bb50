"""Words in shared memory. Every operation of libatomic is in full order, which is more than the layout asks of most of them."""

import ctypes

_atomic = ctypes.CDLL("libatomic.so.1")
_FULL_ORDER = 5


def _function(name, result, *arguments):
    function = getattr(_atomic, name)
    function.restype, function.argtypes = result, [ctypes.c_void_p, *arguments, ctypes.c_int]
    return function


_load32 = _function("__atomic_load_4", ctypes.c_uint32)
_load64 = _function("__atomic_load_8", ctypes.c_uint64)
_store32 = _function("__atomic_store_4", None, ctypes.c_uint32)
_store64 = _function("__atomic_store_8", None, ctypes.c_uint64)
_swap32 = _function("__atomic_compare_exchange_4", ctypes.c_bool, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int)
_swap64 = _function("__atomic_compare_exchange_8", ctypes.c_bool, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_int)


def load32(address):
    return _load32(address, _FULL_ORDER)


def load64(address):
    return _load64(address, _FULL_ORDER)


def store32(address, word):
    _store32(address, word, _FULL_ORDER)


def store64(address, word):
    _store64(address, word, _FULL_ORDER)


def compare_and_swap32(address, expected, desired):
    """What was there: `expected` where it was swapped."""
    seen = ctypes.c_uint32(expected)
    _swap32(address, ctypes.byref(seen), desired, _FULL_ORDER, _FULL_ORDER)
    return seen.value


def compare_and_swap64(address, expected, desired):
    seen = ctypes.c_uint64(expected)
    _swap64(address, ctypes.byref(seen), desired, _FULL_ORDER, _FULL_ORDER)
    return seen.value


def fence():
    """Nothing before it is put off until after it, and the reverse."""
    _atomic.atomic_thread_fence(_FULL_ORDER)
