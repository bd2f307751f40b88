"""placeholder"""
def code_of(derivation, library):
    return ""
