// A whole board's logic, spoken to through its two serial pins. One object of `Board` is one board; all calls are from one thread.
//
// The line is made and read here, bit by bit, outside the design: a byte is a low bit, eight bits from the lowest, and a high bit.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>

#include "Vtop.h"
#include "verilated.h"

// Verilator's runtime asks for the time; nothing on the board does.
double sc_time_stamp() { return 0; }

namespace {

class Board {
public:
    Board(uint32_t divisor, uint32_t build) : divisor_{divisor} {
        context_->randReset(2);
        context_->randSeed(1);
        top_ = std::make_unique<Vtop>(context_.get(), "top");
        top_->rst = 1;
        top_->build = build;
        top_->rx = 1;
        for (int k = 0; k < 4; ++k) cycle();
        top_->rst = 0;
    }

    // Verilator's runtime works on the thread's context, which another board may have changed.
    ~Board() {
        Verilated::threadContextp(context_.get());
        top_->final();
        top_.reset();
        Verilated::threadContextp(Verilated::defaultContextp());
    }

    // Let so many cycles pass.
    void advance(uint64_t cycles) {
        Verilated::threadContextp(context_.get());
        for (; cycles != 0; --cycles) {
            drive();
            cycle();
            sample();
            quiet_ = sending_ || receiving_ ? 0 : quiet_ + 1;
        }
    }

    void send(const uint8_t* bytes, size_t count) { to_.insert(to_.end(), bytes, bytes + count); }

    size_t receive(uint8_t* bytes, size_t wanted) {
        size_t k = 0;
        for (; k < wanted && !from_.empty(); ++k) {
            bytes[k] = from_.front();
            from_.pop_front();
        }
        return k;
    }

    size_t unsent() const { return to_.size() + sending_; }
    size_t received() const { return from_.size(); }
    uint64_t cycles() const { return cycles_; }
    uint64_t busy() const { return busy_; }
    uint64_t quiet() const { return quiet_; }
    bool open() const { return top_->open; }
    bool running() const { return top_->running; }
    bool fault() const { return top_->fault; }

private:
    // The clock falls and the inputs change at one instant, which saves an evaluation: nothing on the board listens to the fall.
    void cycle() {
        top_->clk = 0;
        top_->eval();
        top_->clk = 1;
        top_->eval();
        ++cycles_;
    }

    // The line to the board: bits that are left are shifted out from the lowest.
    void drive() {
        if (!sending_ && !to_.empty()) {
            out_ = 1u << 9 | uint32_t{to_.front()} << 1;
            to_.pop_front();
            sending_ = true;
            out_timer_ = divisor_;
            out_bits_ = 10;
        }
        top_->rx = sending_ ? out_ & 1 : 1;
        if (!sending_) return;
        ++busy_;
        if (--out_timer_ == 0) {
            out_ >>= 1;
            out_timer_ = divisor_;
            sending_ = --out_bits_ != 0;
        }
    }

    // The line from the board, looked at in the middle of each bit. A byte without its high end is none.
    void sample() {
        if (!receiving_) {
            if (top_->tx) return;
            receiving_ = true;
            in_ = 0;
            in_bits_ = 0;
            in_timer_ = divisor_ + divisor_ / 2;
            return;
        }
        if (--in_timer_ != 0) return;
        in_timer_ = divisor_;
        if (in_bits_++ < 8) {
            in_ = in_ >> 1 | uint32_t{top_->tx} << 7;
            return;
        }
        if (top_->tx) from_.push_back(static_cast<uint8_t>(in_));
        receiving_ = false;
    }

    std::unique_ptr<VerilatedContext> context_ = std::make_unique<VerilatedContext>();
    std::unique_ptr<Vtop> top_;
    std::deque<uint8_t> to_, from_;
    uint64_t cycles_ = 0, busy_ = 0, quiet_ = 0;
    uint32_t divisor_, out_ = 0, out_bits_ = 0, out_timer_ = 0, in_ = 0, in_bits_ = 0, in_timer_ = 0;
    bool sending_ = false, receiving_ = false;
};

}  // namespace

extern "C" {

void* board_create(uint32_t divisor, uint32_t build) { return new Board(divisor, build); }
void board_destroy(void* board) { delete static_cast<Board*>(board); }
void board_advance(void* board, uint64_t cycles) { static_cast<Board*>(board)->advance(cycles); }
void board_send(void* board, const uint8_t* bytes, size_t count) { static_cast<Board*>(board)->send(bytes, count); }
size_t board_receive(void* board, uint8_t* bytes, size_t wanted) { return static_cast<Board*>(board)->receive(bytes, wanted); }
size_t board_unsent(const void* board) { return static_cast<const Board*>(board)->unsent(); }
size_t board_received(const void* board) { return static_cast<const Board*>(board)->received(); }
uint64_t board_cycles(const void* board) { return static_cast<const Board*>(board)->cycles(); }
uint64_t board_busy(const void* board) { return static_cast<const Board*>(board)->busy(); }
uint64_t board_quiet(const void* board) { return static_cast<const Board*>(board)->quiet(); }
int board_open(const void* board) { return static_cast<const Board*>(board)->open(); }
int board_running(const void* board) { return static_cast<const Board*>(board)->running(); }
int board_fault(const void* board) { return static_cast<const Board*>(board)->fault(); }
}
