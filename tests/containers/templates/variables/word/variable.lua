return { resolve = function(_, settings) return settings.value end }
