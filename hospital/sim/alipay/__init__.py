"""A twin of Alipay's OpenAPI (precreate, bar code, query, cancel, refund) and of the phone in the patient's hand.

`python -m hospital.sim.alipay --port 8310 --account DIR --notify-url URL`. Built from the manual; shares no code with our
own side, so that two readings of the manual must agree.

    account   the merchant's folder of keys, made on the first start
    books     trades and refunds, and the rules they obey
    gateway   what the merchant's server calls: RSA2 checked and signed, and notifications
    bill      the bill of a day, as a zip of two files
    phone     what the patient's phone does, and what may go wrong (/twin/…)
"""
