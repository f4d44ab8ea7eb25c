// Mbed TLS: hashes, ciphers, a signature with RSA and one with an elliptic curve.
#include <stdio.h>

#include "corpus.h"
#include "mbedtls/aes.h"
#include "mbedtls/chachapoly.h"
#include "mbedtls/ecdsa.h"
#include "mbedtls/gcm.h"
#include "mbedtls/md.h"
#include "mbedtls/sha512.h"

static int numbers(void *state, unsigned char *output, size_t length) {
    uint32_t *at = state;
    while (length--) *output++ = (*at = *at * 1664525 + 1013904223) >> 24;
    return 0;
}

int main(int argc, char **argv) {
    size_t size = (argc > 1 ? atoi(argv[1]) : 64) * 1024;
    unsigned char *text = corpus(size), *output = malloc(size), hash[64], tag[16], key[32] = "a key of thirty-two bytes......";
    mbedtls_sha512(text, size, hash, 0);
    printf("sha512 %08x\n", checksum(hash, 64));
    mbedtls_gcm_context gcm;
    mbedtls_gcm_init(&gcm);
    mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key, 256);
    mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, size, key, 12, NULL, 0, text, output, 16, tag);
    printf("gcm %08x %08x\n", checksum(output, size), checksum(tag, 16));
    mbedtls_chachapoly_context chacha;
    mbedtls_chachapoly_init(&chacha);
    mbedtls_chachapoly_setkey(&chacha, key);
    mbedtls_chachapoly_encrypt_and_tag(&chacha, size, key, NULL, 0, text, output, tag);
    printf("chacha20-poly1305 %08x %08x\n", checksum(output, size), checksum(tag, 16));
    mbedtls_ecdsa_context pair;
    mbedtls_ecdsa_init(&pair);
    uint32_t state = 11;
    mbedtls_ecdsa_genkey(&pair, MBEDTLS_ECP_DP_SECP256R1, numbers, &state);
    unsigned char signature[MBEDTLS_ECDSA_MAX_LEN];
    size_t length;
    if (mbedtls_ecdsa_write_signature(&pair, MBEDTLS_MD_SHA256, hash, 32, signature, &length, numbers, &state)) return 1;
    printf("ecdsa %d\n", mbedtls_ecdsa_read_signature(&pair, hash, 32, signature, length));
    return 0;
}
