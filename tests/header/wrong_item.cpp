// This must be rejected, in these words: an item that can only be moved, and is not given up.
#include <procession.hpp>

bool wrong(const proc::channel<std::unique_ptr<int>> &channel, std::unique_ptr<int> &item);

bool wrong(const proc::channel<std::unique_ptr<int>> &channel, std::unique_ptr<int> &item) {
    return channel.send(item) == proc::channel_status::ok;
}
