# The C API by Fiddle, which comes with Ruby, as procession.json declares it; and processes that are blocks.
require "fiddle"
require "json"

module Procession
  def self.installed(variable)
    path = IO.popen(["pkg-config", "--variable=#{variable}", "procession"], &:read).chomp
    path.empty? ? abort("pkg-config does not find procession") : path
  end

  API = JSON.parse(File.read(installed("api")))
  LIBRARY = Fiddle.dlopen(API["library"])
  FOREVER = API["constants"]["PROC_FOREVER"]
  TYPES = {
    "void" => Fiddle::TYPE_VOID, "bool" => -Fiddle::TYPE_CHAR, "int" => Fiddle::TYPE_INT, "proc_dump_format" => Fiddle::TYPE_INT,
    "size_t" => Fiddle::TYPE_SIZE_T, "ssize_t" => Fiddle::TYPE_SSIZE_T, "int64_t" => Fiddle::TYPE_LONG_LONG,
    "uint64_t" => -Fiddle::TYPE_LONG_LONG, "uint32_t" => -Fiddle::TYPE_INT, "nfds_t" => -Fiddle::TYPE_LONG
  }.freeze

  def self.type(c_type)
    TYPES.fetch(c_type, Fiddle::TYPE_VOIDP) # All else are pointers, of code too.
  end

  def self.types(parameters)
    parameters.map { |parameter| type(parameter["type"]) }
  end

  # What a function has returned, as Ruby has it: a text is a String, and a pointer that is NULL is nil.
  def self.value(type, result)
    return result != 0 if type == "bool"
    return result unless type.include?("*")
    return if result.null?

    type == "const char *" ? result.to_s.force_encoding("UTF-8") : result
  end

  # Each function by its name. While it runs, other threads of Ruby may run.
  API["functions"].each do |name, function|
    next if function["format"]

    call = Fiddle::Function.new(LIBRARY[name], types(function["parameters"]), type(function["result"]["type"]))
    define_singleton_method(name) { |*arguments| value(function["result"]["type"], call.call(*arguments)) }
  end

  @kept = {} # The library holds addresses: closures are kept here, by them, until the program ends, for `destroy` may come on any thread.

  # A C function that is a block. What the block raises is the error that the library gets.
  def self.callback(kind, &block)
    declared = API["callbacks"].fetch(kind)
    closure = Fiddle::Closure::BlockCaller.new(type(declared["result"]["type"]), types(declared["parameters"])) do |*arguments|
      block.call(*arguments).then { |result| result.is_a?(Fiddle::Pointer) ? result.to_i : 0 }
    rescue SystemCallError => exception
      proc_error_new(exception.errno, exception.message).to_i
    rescue Exception => exception # rubocop:disable Lint/RescueException -- nothing may pass through C
      proc_error_new(-1, exception.message).to_i
    end
    @kept[closure.to_i] = closure
  end

  def self.array(pointers)
    [pointers.map(&:to_i).pack("J*"), pointers.size]
  end

  # What runs on the thread that calls `run`: a thread of the library must not enter Ruby.
  class Queue
    def initialize
      @queue = Procession.proc_queue_new
      @readable = IO.for_fd(Procession.proc_queue_fd(@queue), autoclose: false)
    end

    # A process that is a block: it is given the cancel handle, and returns an error or anything else, or raises.
    def process(&block)
      code = Procession.callback("proc_fn") { |cancel, _data| block.call(cancel) }
      Procession.proc_on_queue(@queue, Procession.proc_new(code, nil, nil))
    end

    # Runs a block on another thread of Ruby, and what comes on this one until that has ended. Returns the block's value.
    def serve
      ended, ends = IO.pipe
      thread = Thread.new do
        yield
      ensure
        ends.close
      end
      Procession.proc_queue_run(@queue, nil, 0) until IO.select([@readable, ended]).first.include?(ended)
      thread.value
    end

    def close
      Procession.proc_queue_unref(@queue)
    end
  end
end
