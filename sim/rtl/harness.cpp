// The array's clock and its two streams, in native code. One object of `Port` is one array; all calls are from one thread.
//
// A cycle: present the next word (if no stall holds it back) and readiness, settle, note which handshakes will happen, rise.
// Words the array sends are queued, so that it never waits for the host unless a stall says so.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>

#include "Vtop.h"
#include "verilated.h"

// Verilator's runtime asks for the time; nothing in the array does.
double sc_time_stamp() { return 0; }

namespace {

enum Status : int { DONE = 0, MORE = 1, VALID_DROPPED = 2, PAYLOAD_CHANGED = 3 };

class Port {
public:
    Port(uint64_t seed, uint32_t stall_in, uint32_t stall_out)
        : random_{mixed(seed)}, stall_in_{stall_in}, stall_out_{stall_out} {
        context_->randReset(2);
        context_->randSeed(1);
        top_ = std::make_unique<Vtop>(context_.get(), "top");
        top_->rst = 1;
        top_->i_valid = 0;
        top_->o_ready = 0;
        for (int k = 0; k < 4; ++k) {
            settle();
            rise();
        }
        top_->rst = 0;
    }

    // Verilator's runtime works on the thread's context, which another array may have changed.
    ~Port() {
        Verilated::threadContextp(context_.get());
        top_->final();
        top_.reset();
        Verilated::threadContextp(Verilated::defaultContextp());
    }

    // Clock until n words have gone in and `wanted` wait in the queue, or until `budget` cycles have passed.
    Status advance(const uint32_t* in, size_t n, size_t* sent, size_t wanted, uint64_t budget) {
        Verilated::threadContextp(context_.get());
        while (*sent < n || queue_.size() < wanted) {
            if (budget-- == 0) return MORE;
            const bool more = *sent < n;
            presented_ = more && (presented_ || !stalls(stall_in_));
            top_->i_valid = presented_;
            if (presented_) top_->i_payload = in[*sent];
            top_->o_ready = !stalls(stall_out_);
            settle();
            const bool taken = presented_ && top_->i_ready;
            const bool given = top_->o_valid && top_->o_ready;
            if (held_ && !top_->o_valid) return VALID_DROPPED;
            if (held_ && top_->o_payload != held_payload_) return PAYLOAD_CHANGED;
            held_ = top_->o_valid && !given;
            held_payload_ = top_->o_payload;
            if (given) queue_.push_back(top_->o_payload);
            rise();
            if (taken) {
                ++*sent;
                presented_ = false;
            }
            if (taken || given) quiet_ = 0;
            else ++quiet_;
        }
        return DONE;
    }

    size_t take(uint32_t* out, size_t wanted) {
        size_t k = 0;
        for (; k < wanted && !queue_.empty(); ++k) {
            out[k] = queue_.front();
            queue_.pop_front();
        }
        return k;
    }

    uint64_t cycles() const { return cycles_; }
    uint64_t quiet() const { return quiet_; }
    size_t queued() const { return queue_.size(); }

private:
    // The clock falls and the inputs change at one instant, which saves an evaluation: nothing in the array listens to the fall.
    void settle() {
        top_->clk = 0;
        top_->eval();
    }

    void rise() {
        top_->clk = 1;
        top_->eval();
        ++cycles_;
    }

    // splitmix64, so that small seeds differ at once; never zero, where xorshift would stay.
    static uint64_t mixed(uint64_t seed) {
        seed += 0x9E3779B97F4A7C15u;
        seed = (seed ^ seed >> 30) * 0xBF58476D1CE4E5B9u;
        seed = (seed ^ seed >> 27) * 0x94D049BB133111EBu;
        return (seed ^ seed >> 31) | 1;
    }

    // True with a probability of `rate` in 256.
    bool stalls(uint32_t rate) {
        if (rate == 0) return false;
        random_ ^= random_ << 13;
        random_ ^= random_ >> 7;
        random_ ^= random_ << 17;
        return (random_ >> 32 & 0xFF) < rate;
    }

    std::unique_ptr<VerilatedContext> context_ = std::make_unique<VerilatedContext>();
    std::unique_ptr<Vtop> top_;
    std::deque<uint32_t> queue_;
    uint64_t random_, cycles_ = 0, quiet_ = 0;
    uint32_t stall_in_, stall_out_, held_payload_ = 0;
    bool presented_ = false, held_ = false;
};

}  // namespace

extern "C" {

void* port_create(uint64_t seed, uint32_t stall_in, uint32_t stall_out) { return new Port(seed, stall_in, stall_out); }
void port_destroy(void* port) { delete static_cast<Port*>(port); }

int port_advance(void* port, const uint32_t* in, size_t n, size_t* sent, size_t wanted, uint64_t budget) {
    return static_cast<Port*>(port)->advance(in, n, sent, wanted, budget);
}

size_t port_take(void* port, uint32_t* out, size_t wanted) { return static_cast<Port*>(port)->take(out, wanted); }
size_t port_queued(const void* port) { return static_cast<const Port*>(port)->queued(); }
uint64_t port_cycles(const void* port) { return static_cast<const Port*>(port)->cycles(); }
uint64_t port_quiet(const void* port) { return static_cast<const Port*>(port)->quiet(); }
}
