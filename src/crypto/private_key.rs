//! Private keys: SEC 1, PKCS#1 and PKCS#8, and signing with them.
