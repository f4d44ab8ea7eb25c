// libFLAC: sound is compressed.
#include <math.h>
#include <stdio.h>

#include "FLAC/stream_encoder.h"
#include "corpus.h"

static uint32_t hash = 1, total;

static FLAC__StreamEncoderWriteStatus write(const FLAC__StreamEncoder *encoder, const FLAC__byte buffer[], size_t bytes,
                                            uint32_t samples, uint32_t frame, void *data) {
    hash = hash * 31 + checksum(buffer, bytes);
    total += bytes;
    return FLAC__STREAM_ENCODER_WRITE_STATUS_OK;
}

int main(int argc, char **argv) {
    int count = (argc > 1 ? atoi(argv[1]) : 10) * 1000;
    FLAC__int32 *samples = malloc(count * 2 * sizeof *samples);
    uint32_t state = 1;
    for (int at = 0; at < count; at++) {
        state = state * 1664525 + 1013904223;
        double wave = 9000 * sin(at * 0.031) + 4000 * sin(at * 0.0473 + sin(at * 0.0007) * 9);
        samples[at * 2] = wave + (state >> 24);
        samples[at * 2 + 1] = wave * 0.7 - (state >> 25);
    }
    FLAC__StreamEncoder *encoder = FLAC__stream_encoder_new();
    FLAC__stream_encoder_set_channels(encoder, 2);
    FLAC__stream_encoder_set_bits_per_sample(encoder, 16);
    FLAC__stream_encoder_set_sample_rate(encoder, 44100);
    FLAC__stream_encoder_set_compression_level(encoder, 7);
    if (FLAC__stream_encoder_init_stream(encoder, write, NULL, NULL, NULL, NULL)) return 1;
    if (!FLAC__stream_encoder_process_interleaved(encoder, samples, count)) return 2;
    FLAC__stream_encoder_finish(encoder);
    printf("%d samples: %u bytes (%08x)\n", count, total, hash);
    return 0;
}
