-- wrk's own summary rounds; this one is exact and one line of JSON. Called once, at the end: it costs no request anything.
done = function(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format('{"requests":%d,"duration_us":%d,"errors":%d,"timeouts":%d}\n',
    summary.requests, summary.duration,
    errors.connect + errors.read + errors.write + errors.status, errors.timeout))
end
