// This must be rejected, in these words: an item that could not be given back, since it had become one of another type.
#include <procession.hpp>

struct base {
    base() = default;
    base(const base &) = delete;
    base &operator=(const base &) = delete;
    virtual ~base() = default;
};
struct derived : base {};

bool wrong(const proc::channel<std::unique_ptr<base>> &channel, std::unique_ptr<derived> item);

bool wrong(const proc::channel<std::unique_ptr<base>> &channel, std::unique_ptr<derived> item) {
    return channel.send(std::move(item)) == proc::channel_status::ok;
}
