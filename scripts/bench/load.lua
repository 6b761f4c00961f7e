-- wrk's side of _load.ts: posts one body, prints one line of JSON.
function init(args)
  local file = assert(io.open(args[1], "rb"))
  wrk.method = "POST"
  wrk.body = file:read("*a")
  wrk.headers["Content-Type"] = args[2]
  file:close()
end

function done(summary, latency)
  local e = summary.errors
  print(string.format(
    '{"requestsPerSecond":%.3f,"p50Ms":%.4f,"p99Ms":%.4f,"errors":%d}',
    summary.requests / (summary.duration / 1e6),
    latency:percentile(50) / 1000,
    latency:percentile(99) / 1000,
    e.connect + e.read + e.write + e.status + e.timeout
  ))
end
