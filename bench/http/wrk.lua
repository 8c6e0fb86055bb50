-- wrk -s wrk.lua URL -- METHOD FILE: requests with the file as their body, or without one; the result as JSON.

function init (args)
  wrk.method = args[1]
  if wrk.method == "POST" then
    local file = assert(io.open(args[2], "rb"))
    wrk.body = file:read("*a")
    file:close()
    wrk.headers["Content-Type"] = "application/octet-stream"
  end
end

function done (summary, latency, requests)
  local errors = summary.errors
  print(string.format('{"requests":%d,"seconds":%.6f,"p99":%.3f,"errors":%d}', summary.requests, summary.duration / 1e6,
    latency:percentile(99) / 1e3, errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
