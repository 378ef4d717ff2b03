// A driver written from docs/protocol.md alone: opens a session on the port that is named, asks the array what it is, prints the words.
//
// It sends one frame at a time and waits for the answer. Exit status 1: no answer; 2: the port cannot be opened.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

enum { OPEN = 1, DATA = 2, REWIND = 1, HEADER = 3, PAYLOAD = 56, MOST = HEADER + PAYLOAD + 1, PATIENCE_MS = 50, TRIES = 60 };

struct Frame {
    uint32_t session, kind, flags, position, received, window, count, words[PAYLOAD];
};

static int port;

static uint32_t crc32(const uint8_t *data, size_t size) {
    uint32_t crc = 0xFFFFFFFFu;
    for (size_t i = 0; i < size; ++i) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
    }
    return ~crc;
}

static void put(uint8_t *place, uint32_t word) {
    for (int k = 0; k < 4; ++k) place[k] = static_cast<uint8_t>(word >> 8 * k);
}

static uint32_t get(const uint8_t *place) {
    return place[0] | place[1] << 8 | place[2] << 16 | static_cast<uint32_t>(place[3]) << 24;
}

static void send_frame(const Frame &frame) {
    uint8_t data[4 * MOST + 1], line[4 * MOST + 3];
    put(data, frame.session << 16 | frame.kind << 8 | frame.flags);
    put(data + 4, frame.position << 16 | frame.received);
    put(data + 8, frame.window << 16 | frame.count);
    for (uint32_t k = 0; k < frame.count; ++k) put(data + 12 + 4 * k, frame.words[k]);
    size_t size = 4 * (HEADER + frame.count);
    put(data + size, crc32(data, size));
    size += 4;
    data[size++] = 0;

    size_t out = 0;
    line[out++] = 0;
    for (size_t start = 0; start < size;) {
        size_t end = start;
        while (data[end] != 0) ++end;
        line[out++] = static_cast<uint8_t>(end - start + 1);
        while (start < end) line[out++] = data[start++];
        ++start;
    }
    line[out++] = 0;
    if (write(port, line, out) != static_cast<ssize_t>(out)) exit(1);
}

static bool decode(const uint8_t *line, size_t size, Frame *frame) {
    uint8_t data[4 * MOST + 2];
    size_t out = 0, place = 0;
    while (place < size) {
        size_t n = line[place++];
        if (place + n - 1 > size) return false;
        for (size_t k = 1; k < n; ++k) data[out++] = line[place++];
        data[out++] = 0;
    }
    if (out == 0) return false;
    --out;
    if (out % 4 != 0 || out < 4 * (HEADER + 1) || crc32(data, out - 4) != get(data + out - 4)) return false;
    uint32_t first = get(data), second = get(data + 4), third = get(data + 8);
    *frame = {first >> 16, first >> 8 & 0xFF, first & 0xFF, second >> 16, second & 0xFFFF, third >> 16, third & 0xFFFF, {}};
    if (frame->count != out / 4 - HEADER - 1) return false;
    for (uint32_t k = 0; k < frame->count; ++k) frame->words[k] = get(data + 12 + 4 * k);
    return true;
}

// The next good frame within the time, or false.
static bool receive_frame(Frame *frame) {
    static uint8_t line[4 * MOST + 1];
    static size_t size = 0;
    struct pollfd wait = {port, POLLIN, 0};
    while (poll(&wait, 1, PATIENCE_MS) > 0) {
        uint8_t byte;
        if (read(port, &byte, 1) != 1) return false;
        if (byte != 0) {
            // What is too long is no frame; it is dropped when it ends.
            if (size <= sizeof line) ++size;
            if (size <= sizeof line) line[size - 1] = byte;
            continue;
        }
        size_t complete = size;
        size = 0;
        if (complete > 0 && complete <= sizeof line && decode(line, complete, frame)) return true;
    }
    return false;
}

int main(int, char **arguments) {
    port = open(arguments[1], O_RDWR | O_NOCTTY);
    struct termios settings;
    if (port < 0 || tcgetattr(port, &settings) != 0) return 2;
    cfmakeraw(&settings);
    tcsetattr(port, TCSANOW, &settings);

    const uint32_t session = 1 + static_cast<uint32_t>(getpid()) % 65535;
    Frame answer, open_frame = {session, OPEN, 0, 0, 0, 0, 0, {}};
    int tries = 0;
    do {
        if (++tries > TRIES) return 1;
        send_frame(open_frame);
    } while (!receive_frame(&answer) || answer.kind != OPEN || answer.session != session);

    // IDENTIFY, tag 7, no payload; its response is a header and 14 words, the last of them the build's hash.
    const uint32_t wanted = 15;
    uint32_t response[wanted], have = 0, taken = 0;
    bool missing = false;
    for (tries = 0; have < wanted; ) {
        Frame request = {session, DATA, missing ? uint32_t{REWIND} : 0u, taken, have, 1024, taken == 0, {1u << 24 | 7u << 16}};
        send_frame(request);
        missing = true;
        while (have < wanted && receive_frame(&answer)) {
            if (answer.session != session || answer.kind != DATA) continue;
            if (answer.received == 1) taken = 1;
            if (answer.position != have) continue;
            for (uint32_t k = 0; k < answer.count && have < wanted; ++k) response[have++] = answer.words[k];
        }
        if (++tries > TRIES) return 1;
    }
    for (uint32_t k = 0; k < wanted; ++k) printf("%08X\n", static_cast<unsigned>(response[k]));
    return 0;
}
