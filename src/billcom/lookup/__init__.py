"""Finding at BILL what a request asks for, so that it isn't made twice: one module per noun.

Every row a filter returns is compared again. More than one candidate, or one that contradicts the request,
is a ConflictError: a person decides.
"""
