return { parse = function(hit) return { { event_name = hit.params.name } } end }
