// All runs that may go in step: which of them form a cohort, and what becomes of their products.
#pragma once

#include <tuple>

#include "cohort.h"
#include "crossed.h"

class Cohorts {
public:
    // As many walks in step as pay for the lanes that stay empty.
    static constexpr int LEAST = 12;

    // Takes of the jobs what it can; what is left, whole jobs or their ends, is for others.
    static std::vector<Job> take(const InStep& c, const Memory& memory, const Job* jobs, int64_t count, const Sums& sums) {
        std::vector<Job> silent, heard;
        for (int64_t j = 0; j < count; j++) (jobs[j].product_sign ? heard : silent).push_back(jobs[j]);
        if (!c.possible || int(std::max(silent.size(), heard.size())) < LEAST) return std::vector<Job>(jobs, jobs + count);
        Cohorts cohorts(c, memory, sums);
        cohorts.advance(silent);
        cohorts.advance(heard);
        cohorts.end();
        silent.insert(silent.end(), heard.begin(), heard.end());
        // The two echoes of a sample have neighbouring contexts, and are best taken side by side.
        std::sort(silent.begin(), silent.end(), [](const Job& a, const Job& b) {
            return std::make_tuple(-a.steps, a.context) < std::make_tuple(-b.steps, b.context);
        });
        return silent;
    }

private:
    const InStep& c;
    const Memory& memory;
    const Sums& sums;
    const tile::Unit unit;
    History history;
    Crossed crossed;

    Cohorts(const InStep& c, const Memory& memory, const Sums& sums) : c(c), memory(memory), sums(sums), history(c), crossed(c) {
        history.one(c.quads - 1);
    }

    // The longest go first, sixteen at a time until one of them has arrived; those whose products count alike stay together.
    void advance(std::vector<Job>& jobs) {
        while (int(jobs.size()) >= LEAST) {
            std::stable_sort(jobs.begin(), jobs.end(), [](const Job& a, const Job& b) {
                return std::make_tuple(-a.steps, a.product_sign, a.shift) < std::make_tuple(-b.steps, b.product_sign, b.shift);
            });
            const int count = int(std::min<size_t>(jobs.size(), WALKS));
            const int64_t steps = jobs[count - 1].steps;
            c.whole ? together<true>(jobs.data(), count, steps) : together<false>(jobs.data(), count, steps);
            for (int w = 0; w < count; w++) jobs[w].first += jobs[w].stride * steps, jobs[w].steps -= steps;
            jobs.erase(std::remove_if(jobs.begin(), jobs.end(), [](const Job& job) { return job.steps == 0; }), jobs.end());
        }
    }

    template <bool WHOLE>
    void together(const Job* jobs, int count, int64_t steps) {
        std::vector<Crossed::Share> shares;
        for (int w = 0; w < count; w++) {
            const auto alike = [&](const Crossed::Share& s) { return s.sign == jobs[w].product_sign && s.shift == jobs[w].shift; };
            auto share = std::find_if(shares.begin(), shares.end(), alike);
            if (share == shares.end()) share = shares.insert(share, {jobs[w].product_sign, jobs[w].shift, {}});
            share->mask.add(w);
        }
        Cohort<WHOLE> cohort(c, memory, jobs, count, history);
        cohort.advance(steps, [&] {
            crossed.add(history, shares);
            history.restart();
        });
        cohort.end(sums.vectors);
    }

    void end() {
        crossed.settle();
        const int n = int(memory.oscillators), m = int(memory.inputs);
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) sums.coupling[size_t(i) * n + j] += uint64_t(crossed.of(i, j));
            for (int j = 0; j < m; j++) sums.inputs_t[size_t(j) * n + i] += uint64_t(crossed.of(i, c.oscillators + j));
            sums.vectors[BIAS * n + i] += uint64_t(crossed.of(i, 4 * (c.quads - 1)));
        }
    }
};
