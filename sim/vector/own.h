// Sums over steps of products that belong to one oscillator each, exactly modulo 2^64.
#pragma once

#include "outer.h"

enum Own { STIFFNESS, GAIN, BIAS, KINETIC, OWN };

// [OWN][wide]
class OwnSums {
public:
    // Codes of that many bits or fewer, those of 16 clipped: less than 2^15 in magnitude.
    OwnSums(int wide, int width) : wide(wide), narrow(width <= 16), sum(size_t(OWN) * wide) {}

    int64_t* operator[](Own which) { return sum + size_t(which) * wide; }

    // += factor times the sum of squares over steps: rows of codes.
    void squares(Own which, const int32_t* a, int width, int steps, int64_t factor) {
        int64_t* to = (*this)[which];
        for (int i = 0; i < wide; i += LANES) {
            Wide total[2] = {};
            int k = 0;
            if (narrow) {  // two products stay below 2^31
                for (; k + 2 <= steps; k += 2) {
                    const int32_t* row = a + size_t(k) * width + i;
                    const Lanes both = pair(load(row), load(row + width));
                    widen_add(total, dot(Lanes{}, both, both), 0);
                }
            }
            for (; k < steps; k++) {
                for (int half = 0; half < 2; half++) {
                    const Wide one = widen(a + size_t(k) * width + i + half * WIDE);
                    total[half] += times(one, one);
                }
            }
            add(to + i, total, factor);
        }
    }

    // += the sum of rows of at most a block's steps: as products of the codes' digits, they stay below 2^31.
    void codes(Own which, const int32_t* a, int width, int steps) {
        int64_t* to = (*this)[which];
        for (int i = 0; i < wide; i += LANES) {
            Lanes together{};
            for (int k = 0; k < steps; k++) together += load(a + size_t(k) * width + i);
            Wide total[2] = {};
            widen_add(total, together, 0);
            add(to + i, total, 1);
        }
    }

private:
    int wide;
    bool narrow;
    Array<int64_t> sum;

    static void add(int64_t* to, const Wide (&total)[2], int64_t factor) {
        for (int half = 0; half < 2; half++) store(to + half * WIDE, load(to + half * WIDE) + factor * total[half]);
    }
};
