return { apply = function(event) return event end }
