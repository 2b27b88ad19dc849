"""A twin of WeChat Pay's API v3 (Native, direct merchant) and of the phone in the patient's hand.

`python -m hospital.sim.wechat --port 8300 --account DIR --notify-url URL`. Built from the manual on Flask and
cryptography, without the library our own side uses: two readings of the manual must agree.

    account   the merchant's folder of keys, made on the first start
    seal      signatures and encryption
    books     orders and refunds, and the rules they obey
    post      notifications, and how often they are tried
    bill      the trade bill of a day, as a file
    faults    what may go wrong on the way
    api       what the merchant's server calls
    phone     what the patient's phone does (/twin/…)
"""
